import type { Attempt } from '../../src/task/attempt.js';
import type { Settlement } from '../../src/task/settlement.js';

const CLASSES: Partial<Record<Settlement['kind'], Attempt['class']>> = {
  complete: 'succeeded',
  hand_back: 'interrupted',
};

/** An attempt that may have come to this. */
export function attemptOf(
  settlement: Settlement,
  startedAt: number,
  endedAt = startedAt,
  number = 1,
): Attempt {
  const outcome = CLASSES[settlement.kind] ?? 'rejected';
  const answer = outcome === 'rejected' && { status: 500 };
  return { number, startedAt, endedAt, class: outcome, ...answer, timings: { totalMs: endedAt - startedAt } };
}
