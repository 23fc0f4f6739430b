/** What a client may do: a named pair of limits. */
export interface TierLimits {
  /** Enqueued in any minute. */
  readonly requestsPerMinute: number;
  /** Tasks that run at once, over all workers. */
  readonly maxConcurrent: number;
}

export const TIERS = ['free', 'basic', 'premium', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

const LIMITS: Readonly<Record<Tier, TierLimits>> = {
  free: { requestsPerMinute: 10, maxConcurrent: 1 },
  basic: { requestsPerMinute: 100, maxConcurrent: 5 },
  premium: { requestsPerMinute: 1000, maxConcurrent: 20 },
  enterprise: { requestsPerMinute: 5000, maxConcurrent: 50 },
};

export function tierLimits(tier: Tier): TierLimits {
  return LIMITS[tier];
}
