import type { Attempt } from '../../task/attempt.js';
import type { Settlement } from '../../task/settlement.js';
import type { SettledTask } from './settled-task.js';
import type { FetchedTask } from './step.js';

/** What we stopped ourselves is no try, nor is a probe that got no answer: it is handed back. */
export function counts(attempt: Attempt, settlement: Settlement): boolean {
  return attempt.class !== 'interrupted' && settlement.kind !== 'hand_back';
}

/** A settlement in the words of the store. */
export function ending(
  settlement: Settlement,
  { fetched, isCancelled }: { readonly fetched: Pick<FetchedTask, 'probeOf'>; readonly isCancelled: boolean },
): Pick<SettledTask, 'kind' | 'delayMs' | 'reason'> {
  switch (settlement.kind) {
    case 'complete':
      return { kind: 'completed' };
    case 'retry':
      return { kind: 'retry', delayMs: settlement.delayMs };
    case 'dead_letter':
      return { kind: 'dead_letter', reason: settlement.reason };
    case 'expire':
      return { kind: 'expired' };
    case 'hand_back':
      if (isCancelled) return { kind: 'cancelled' };
      // A probe that has failed must not go first, and again.
      return { kind: fetched.probeOf === undefined ? 'hand_back' : 'ask_again' };
  }
}
