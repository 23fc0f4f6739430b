export const RETRY_STRATEGIES = ['exponential', 'linear', 'fixed', 'list'] as const;
export type RetryStrategy = (typeof RETRY_STRATEGIES)[number];

/** When a failed task is tried again, and when it is not. A task carries its own; what is absent is no rule. */
export interface RetryPolicy {
  readonly strategy: RetryStrategy;
  /** The first wait, and of `fixed` every one. */
  readonly minBackoffMs: number;
  /** No wait that grows gets longer, but for the jitter. */
  readonly maxBackoffMs: number;
  /** Of `list`: the wait before each retry; the last one repeats. */
  readonly delaysMs?: readonly number[];
  /** Share by which a wait is spread at random: 0.1 = ±10 %. */
  readonly jitter: number;
  /** Statuses after which no retry helps. */
  readonly permanentStatuses?: readonly number[];
  /** No retry starts later than this after the task was due first. */
  readonly maxAgeMs?: number;
}

/** A part of a policy, to stand in for the same part of another one. */
export type RetryChoice = Partial<RetryPolicy>;

/** A policy with a choice in place of its own parts. */
export function chooseRetry(policy: RetryPolicy, choice: RetryChoice): RetryPolicy {
  const { delaysMs, permanentStatuses = [], ...rest } = { ...policy, ...choice };
  return {
    ...rest,
    ...chosenBounds(policy, choice),
    ...(rest.strategy === 'list' && delaysMs && { delaysMs }),
    ...(permanentStatuses.length > 0 && { permanentStatuses }),
  };
}

/** A bound that was not chosen makes way for the one that was. */
function chosenBounds(
  policy: RetryPolicy,
  { minBackoffMs: min, maxBackoffMs: max }: RetryChoice,
): Pick<RetryPolicy, 'minBackoffMs' | 'maxBackoffMs'> {
  return {
    minBackoffMs: min ?? Math.min(policy.minBackoffMs, max ?? Infinity),
    maxBackoffMs: max ?? Math.max(policy.maxBackoffMs, min ?? 0),
  };
}

/**
 * How long to wait before a retry, in milliseconds; spread by the jitter, so that tasks which failed together do not
 * come back together.
 *
 * @param retry counts from 1
 * @param random in [0, 1)
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, random: number): number {
  const spread = 1 + policy.jitter * (2 * random - 1);
  return Math.round(plainDelayMs(policy, retry) * spread);
}

function plainDelayMs(policy: RetryPolicy, retry: number): number {
  const { minBackoffMs, maxBackoffMs } = policy;
  switch (policy.strategy) {
    case 'exponential':
      // The exponent is capped so that a large retry number cannot overflow to Infinity * 0.
      return Math.min(minBackoffMs * 2 ** Math.min(retry - 1, 52), maxBackoffMs);
    case 'linear':
      return Math.min(minBackoffMs * retry, maxBackoffMs);
    case 'fixed':
      return minBackoffMs;
    case 'list':
      return listedDelayMs(policy, retry);
  }
}

function listedDelayMs({ delaysMs = [], minBackoffMs }: RetryPolicy, retry: number): number {
  return delaysMs[retry - 1] ?? delaysMs.at(-1) ?? minBackoffMs;
}
