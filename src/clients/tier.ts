/** What a client may do. Nothing of a kind = no limit of that kind. */
export interface Limits {
  /** Enqueued in any minute. */
  readonly requestsPerMinute?: number;
  /** Tasks that run at once, over all workers. */
  readonly maxConcurrent?: number;
}

/** What was set for a tier, as it is kept. Times are Unix milliseconds. */
export interface TierRecord extends Limits {
  readonly updatedAt: number;
}

/** A named pair of limits that clients share. */
export interface Tier {
  readonly name: string;
  readonly limits: Limits;
  /** There also when nothing is set for it: then it is as it comes. */
  readonly isBuiltIn: boolean;
  readonly updatedAt?: number;
  /** How many clients have it. */
  readonly clients: number;
  /** Whether all of them have the limits; not for a moment after a change, when they are many. */
  readonly isApplied: boolean;
  /** What was set for it, as it is stored; the empty text when nothing was. */
  readonly stored: string;
}

export const TIER_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** What `UNKNOWN_CLIENT_TIER` says instead of a tier: no tier can be called so. */
export const NO_TIER = 'none';

/** What a client has that nobody gave a tier. */
export const FREE = 'free';

/** As they come, smallest first. */
const BUILT_IN: ReadonlyMap<string, Limits> = new Map([
  [FREE, { requestsPerMinute: 10, maxConcurrent: 1 }],
  ['basic', { requestsPerMinute: 100, maxConcurrent: 5 }],
  ['premium', { requestsPerMinute: 1000, maxConcurrent: 20 }],
  ['enterprise', { requestsPerMinute: 5000, maxConcurrent: 50 }],
]);

export const BUILT_IN_TIERS = [...BUILT_IN.keys()];

/** The limits of a tier as it comes; nothing when it is not built in. */
export function builtInLimits(name: string): Limits | undefined {
  return BUILT_IN.get(name);
}

/** The same for the scripts: JSON, or the empty text. */
export function builtInText(name: string): string {
  const limits = BUILT_IN.get(name);
  return limits ? JSON.stringify(limits) : '';
}
