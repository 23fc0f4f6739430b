import { DAY_MS } from '../time/day.js';
import type { EnqueueRequest } from './enqueue.dto.js';
import type { Faults } from './faults.js';
import { readDuration } from './read-duration.js';
import { readTime } from './read-times.js';

const LONGEST_TTL_MS = 3660 * DAY_MS;

interface Times {
  readonly now: number;
  readonly scheduledAt: number;
}

export type Expiry = Pick<EnqueueRequest, 'expires_at' | 'ttl'>;

/** When a task expires: the earlier of `expires_at` and `ttl`, and never before it is due. */
export function readExpiry(request: Expiry, times: Times, faults: Faults): number | undefined {
  const named = readTime(request.expires_at, '/expires_at', faults);
  const ttl = readDuration(request.ttl, { pointer: '/ttl', leastMs: 1, mostMs: LONGEST_TTL_MS }, faults);
  const expiresAt = Math.min(named ?? Infinity, times.now + (ttl ?? Infinity));
  const fault = faultOf(expiresAt, times);
  if (fault !== undefined) faults.add(expiresAt === named ? '/expires_at' : '/ttl', fault);
  return expiresAt === Infinity ? undefined : expiresAt;
}

function faultOf(expiresAt: number, { now, scheduledAt }: Times): string | undefined {
  if (expiresAt <= now) return 'is in the past: the task would never be started';
  return expiresAt <= scheduledAt
    ? 'is not after the time the task is scheduled for: it would never be started'
    : undefined;
}
