/**
 * Which attempts are kept with a task: the first one, and the newest without a gap. The task has this in its field
 * `kept` as `<made>;<bytes>,<bytes>,…`.
 */
export interface KeptAttempts {
  /** How many there were, those that did not count and those that are no longer kept included. */
  readonly made: number;
  /** Bytes of each that is kept, in the order in which they were made. */
  readonly sizes: readonly number[];
}

export const NO_ATTEMPTS: KeptAttempts = { made: 0, sizes: [] };

/** What the store has to do for one more attempt. */
interface OneMore {
  readonly kept: KeptAttempts;
  /** Where the new one goes; every attempt has a place of its own, counted from 0. */
  readonly place: number;
  /** Places of those that are not kept any more. */
  readonly dropped: readonly number[];
}

const NONE: readonly number[] = [];

const MOST_ATTEMPTS = 50;
/** Answers of targets make attempts large: a task that fails for days must not fill the store with them. */
const MOST_BYTES = 65_536;

/** Adds an attempt, and drops the oldest after the first until the rest is neither too many nor too much. */
export function keepOneMore({ made, sizes: before }: KeptAttempts, bytes: number): OneMore {
  const sizes = [...before, bytes];
  let left = sizes.length;
  let total = sumOf(sizes);
  while (left > 2 && (left > MOST_ATTEMPTS || total > MOST_BYTES)) {
    total -= sizes[1 + sizes.length - left] ?? 0;
    left--;
  }
  const gone = sizes.length - left;
  const oldest = made + 2 - sizes.length;
  sizes.splice(1, gone);
  const dropped = gone === 0 ? NONE : Array.from({ length: gone }, (_, at) => oldest + at);
  return { kept: { made: made + 1, sizes }, place: made, dropped };
}

export function bytesOf({ sizes }: KeptAttempts): number {
  return sumOf(sizes);
}

export function formatKept({ made, sizes }: KeptAttempts): string {
  return `${made};${sizes.join(',')}`;
}

export function parseKept(text: string): KeptAttempts {
  if (text === '0') return NO_ATTEMPTS;
  const [made, sizes] = text.split(';');
  return { made: Number(made), sizes: sizes ? sizes.split(',').map(Number) : [] };
}

function sumOf(numbers: readonly number[]): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
