import { ProblemError } from './problem.js';

/** More addresses than this at once: the oldest is forgotten, so that guessing cannot fill the memory. */
const MAX_ADDRESSES = 10_000;

/** Guessing a key: so many wrong ones from an address in a minute, and it has to wait. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** So many in a minute are no mistake of people. */
const MOST_GUESSES = 600;

/** Counts failures per address in fixed windows and says when an address may try again. Times are milliseconds. */
export class FailureThrottle {
  private readonly windows = new Map<string, { since: number; failures: number }>();

  constructor(
    private readonly maxFailures = MAX_FAILURES,
    private readonly windowMs = WINDOW_MS,
  ) {}

  /** For those that are wrong after the first ten: from here on they are not even looked at. */
  static ofGuesses(): FailureThrottle {
    return new FailureThrottle(MOST_GUESSES);
  }

  /** 0 when the address may try now. */
  retryAfterMs(address: string, now: number): number {
    const window = this.current(address, now);
    return window && window.failures >= this.maxFailures ? window.since + this.windowMs - now : 0;
  }

  record(address: string, now: number): void {
    const window = this.current(address, now);
    if (window) {
      window.failures++;
      return;
    }
    this.windows.delete(address);
    const oldest = this.windows.keys().next();
    if (this.windows.size >= MAX_ADDRESSES && !oldest.done) this.windows.delete(oldest.value);
    this.windows.set(address, { since: now, failures: 1 });
  }

  private current(address: string, now: number): { since: number; failures: number } | undefined {
    const window = this.windows.get(address);
    return window && now - window.since < this.windowMs ? window : undefined;
  }
}

/**
 * @param what was wrong, in the plural
 * @throws ProblemError 429 when the address has to wait
 */
export function requirePatience(failures: FailureThrottle, address: string, what: string): void {
  const retryAfterMs = failures.retryAfterMs(address, performance.now());
  if (retryAfterMs <= 0) return;
  throw new ProblemError({
    status: 429,
    code: 'too_many_wrong_keys',
    detail: `Too many wrong ${what} from this address. Wait a minute.`,
    headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
  });
}
