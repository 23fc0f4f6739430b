import type { AttemptError, Outcome } from './outcome.js';

/** One try at a task, as it is kept. Times are Unix milliseconds. */
export interface Attempt {
  /** Counts from 1; an attempt that does not count has the number of the one that follows it. */
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly class: Outcome['class'];
  /** It tried whether its host is there again; when it got no answer, it does not count. */
  readonly isProbe?: true | undefined;
  readonly status?: number | undefined;
  readonly error?: AttemptError | undefined;
  /** For how long the target asked to be left alone, as far as that is honoured. */
  readonly retryAfterMs?: number | undefined;
  readonly timings: AttemptTimings;
  /** Of failures: the beginning of what the target answered. */
  readonly response?: string | undefined;
  /** Of a success of a handler: what it returned, JSON; where tasks are stored encrypted, this is, too. */
  readonly result?: string | undefined;
}

/** Where the time of an attempt went, in milliseconds. */
export interface AttemptTimings {
  /** From due to started; known of first attempts. */
  readonly queueMs?: number | undefined;
  /** Until a connection was there; absent when one was reused or none came about. */
  readonly connectMs?: number | undefined;
  readonly firstByteMs?: number | undefined;
  readonly totalMs: number;
}
