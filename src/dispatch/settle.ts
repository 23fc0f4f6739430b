import type { HostVerdict } from '../task/host-verdict.js';
import type { Outcome } from '../task/outcome.js';
import { retryDelayMs } from '../task/retry-policy.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';

interface Tried {
  readonly task: Pick<Task, 'retry' | 'maxRetries' | 'scheduledAt' | 'expiresAt'>;
  /** Number of the attempt that was made, from 1. */
  readonly attempt: number;
  /** When somebody gave it all its tries again, Unix milliseconds. */
  readonly retriedAt?: number | undefined;
  /** It went before others that died of the same. */
  readonly isCanary?: boolean | undefined;
  /** It tried whether its host is there again. */
  readonly isProbe?: boolean | undefined;
  /** What the attempt says of its host. */
  readonly verdict?: HostVerdict;
}

interface Circumstances {
  /** When the attempt ended, Unix milliseconds. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** The outcomes after which a task is not done. */
type Failure = Exclude<Outcome, { class: 'succeeded' | 'interrupted' }>;

/**
 * What becomes of a task after an attempt. Deliveries in total are at most 1 + maxRetries; an attempt that we cut off
 * ourselves is none, and neither is a probe that got no answer because of its host: it waits for that again. One that came to
 * nothing for another reason is a try: nothing else would slow down such probes, which say nothing and are replaced.
 */
export function settle(outcome: Outcome, tried: Tried, { now, random }: Circumstances): Settlement {
  if (outcome.class === 'succeeded') return { kind: 'complete' };
  if (outcome.class === 'interrupted') return { kind: 'hand_back' };
  const { task, attempt } = tried;
  if (isPermanent(outcome, task.retry.permanentStatuses)) {
    return { kind: 'dead_letter', reason: 'permanent_failure' };
  }
  if (isUncounted(outcome, tried)) return tooLate(tried, now) ?? { kind: 'hand_back' };
  const reason = noMoreTries(tried);
  if (reason) return { kind: 'dead_letter', reason };
  const delayMs = Math.max(retryDelayMs(task.retry, attempt, random), askedWaitMs(outcome));
  return tooLate(tried, now + delayMs) ?? { kind: 'retry', delayMs };
}

function isUncounted(failure: Failure, { isProbe = false, verdict }: Tried): boolean {
  return isProbe && failure.class !== 'rejected' && verdict?.kind === 'failure';
}

function noMoreTries({ task, attempt, isCanary }: Tried) {
  if (isCanary) return 'canary_failed';
  return attempt > task.maxRetries ? 'attempts_exhausted' : undefined;
}

function isPermanent(failure: Failure, permanentStatuses: readonly number[] = []): boolean {
  if (failure.noRetry) return true;
  return failure.class === 'rejected' && permanentStatuses.includes(failure.status ?? 0);
}

function askedWaitMs(failure: Failure): number {
  return failure.class === 'rejected' ? (failure.retryAfterMs ?? 0) : 0;
}

/** The expiry comes first: what nobody may start any more is no dead letter to be tried again by hand. */
function tooLate({ task, retriedAt }: Tried, dueAt: number): Settlement | undefined {
  const { expiresAt = Infinity, scheduledAt, retry } = task;
  if (dueAt > expiresAt) return { kind: 'expire' };
  if (dueAt <= (retriedAt ?? scheduledAt) + (retry.maxAgeMs ?? Infinity)) return undefined;
  return { kind: 'dead_letter', reason: 'max_age_exceeded' };
}
