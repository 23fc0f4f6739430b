import { cronFields, daysOf, NAMED } from './cron-fields.js';
import { cronFirings } from './cron-firings.js';

/** When a schedule fires. Times are Unix milliseconds. */
export type Timing =
  /** A cron expression of five or six fields, the first of six being seconds, read on the clocks of a time zone. */
  | { readonly kind: 'cron'; readonly cron: string; readonly timezone: string }
  /** Every so often, counted from `from`, which does not fire itself. */
  | { readonly kind: 'every'; readonly everyMs: number; readonly from: number };

const MOST_CHARS = 256;
/** What a field is made of. `H` and `?` are not: the one is drawn anew each time, the other says nothing that `*` does not. */
const FIELD = /^[\da-z*/,#-]+$/i;
const NAMES = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].concat([
  'sun',
  'mon',
  'tue',
  'wed',
  'thu',
  'fri',
  'sat',
  'l',
]);

/** Why a text is no cron expression, as the rest of "/cron ..."; nothing when it is one. */
export function faultOfCron(cron: string): string | undefined {
  const text = cron.trim();
  if (text.startsWith('@'))
    return NAMED.has(text) ? undefined : `must be one of ${[...NAMED.keys()].join(', ')}`;
  const fields = text.split(/\s+/);
  if (text.length > MOST_CHARS || fields.length < 5 || fields.length > 6)
    return 'must have five fields (minute, hour, day of month, month, day of week), or six with seconds in front';
  return faultOfWords(fields) ?? faultOfFields(text);
}

function faultOfWords(fields: readonly string[]): string | undefined {
  const field = fields.find((each) => !FIELD.test(each));
  if (field !== undefined) return `has a field ${field}: fields are of digits, names and * , - / # L`;
  const words = fields.join(' ').match(/[a-z]+/gi) ?? [];
  const word = words.find((each) => !NAMES.includes(each.toLowerCase()));
  return word && `has a name ${word}: months and days have three letters, like JAN and MON`;
}

function faultOfFields(text: string): string | undefined {
  try {
    const isNever = daysOf(cronFields(text), 0).next().done;
    return isNever ? 'names a day that never comes' : undefined;
  } catch (error) {
    return `is no cron expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether a text is the name of a time zone (IANA), as the platform knows them. */
export function isTimezone(text: string): boolean {
  // An offset is no zone: it knows nothing of daylight saving.
  if (/^[+-]/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** Gives the times at which a schedule fires, in order, all of them after `after`; ends when it never fires again. */
export function* firings(timing: Timing, after: number): Generator<number, void> {
  if (timing.kind === 'cron') {
    yield* cronFirings(cronFields(timing.cron), timing.timezone, after);
    return;
  }
  const { everyMs, from } = timing;
  for (let n = Math.max(1, Math.floor((after - from) / everyMs) + 1); ; n++) yield from + n * everyMs;
}

/** The next time after that one; nothing when it never fires again. */
export function nextFiring(timing: Timing, after: number): number | undefined {
  return firings(timing, after).next().value ?? undefined;
}

/** The next ones, at most `count`. */
export function upcoming(timing: Timing, after: number, count: number): number[] {
  const times: number[] = [];
  if (count === 0) return times;
  for (const time of firings(timing, after)) if (times.push(time) === count) break;
  return times;
}
