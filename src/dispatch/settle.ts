import { type Backoff, backoffMs } from '../task/backoff.js';
import type { Outcome } from '../task/outcome.js';
import type { Settlement } from '../task/settlement.js';

interface Tries {
  /** Number of the attempt that was made, from 1. */
  readonly attempt: number;
  readonly maxRetries: number;
}

/**
 * What becomes of a task after an attempt. Deliveries in total are at most 1 + maxRetries; an attempt that we cut off
 * ourselves is none.
 *
 * @param random in [0, 1)
 */
export function settle(outcome: Outcome, tries: Tries, backoff: Backoff, random: number): Settlement {
  if (outcome.class === 'succeeded') return { kind: 'complete' };
  if (outcome.class === 'interrupted') return { kind: 'hand_back' };
  if (outcome.noRetry) return { kind: 'dead_letter', reason: 'permanent_failure' };
  if (tries.attempt > tries.maxRetries) return { kind: 'dead_letter', reason: 'attempts_exhausted' };
  return { kind: 'retry', delayMs: backoffMs(backoff, tries.attempt, random) };
}
