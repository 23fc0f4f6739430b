import type { AttemptError } from '../task/outcome.js';
import type { Settlement } from '../task/settlement.js';
import type { ClaimedTask, Handled } from './task-handler.js';

/** Why a worker cannot make an attempt that another one perhaps can, and what holds then. Times are milliseconds. */
interface NotHere {
  readonly error: AttemptError;
  /** It is fetched again after so long, by whichever worker. */
  readonly againAfterMs: number;
  /** So long after it was due it is a dead letter instead, for this reason. */
  readonly maxAgeMs: number;
  readonly reason: Extract<Settlement, { kind: 'dead_letter' }>['reason'];
  readonly now: number;
}

/** Leaves a task to another worker, or to this one later; uses no attempt. */
export function leftToOthers({ task, attempt }: ClaimedTask, why: NotHere): Handled {
  const { error, againAfterMs, maxAgeMs, reason, now } = why;
  const isTooLate = now - task.scheduledAt > maxAgeMs;
  return {
    attempt: {
      number: attempt,
      startedAt: now,
      endedAt: now,
      class: 'interrupted',
      error,
      timings: { totalMs: 0 },
    },
    settlement: isTooLate ? { kind: 'dead_letter', reason } : { kind: 'retry', delayMs: againAfterMs },
  };
}
