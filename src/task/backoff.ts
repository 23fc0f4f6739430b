/** How long to wait before a retry. Delays are milliseconds; `jitter` is a share, 0.1 = ±10 %. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/**
 * Exponential backoff: `minMs` before the first retry, doubling up to `maxMs`, spread by the jitter so that tasks
 * which failed together do not come back together.
 *
 * @param retry counts from 1
 * @param random in [0, 1)
 */
export function backoffMs(backoff: Backoff, retry: number, random: number): number {
  // The exponent is capped so that a large retry number cannot overflow to Infinity * 0.
  const doubled = backoff.minMs * 2 ** Math.min(retry - 1, 52);
  const spread = 1 + backoff.jitter * (2 * random - 1);
  return Math.round(Math.min(doubled, backoff.maxMs) * spread);
}
