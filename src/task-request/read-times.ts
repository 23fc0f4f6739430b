import { DAY_MS } from '../time/day.js';
import { parseDuration } from '../time/duration.js';
import { parseTime } from '../time/rfc3339.js';
import type { EnqueueRequest } from './enqueue.dto.js';
import type { Faults } from './faults.js';

interface Horizon {
  readonly now: number;
  /** How far ahead a task may be scheduled, milliseconds. */
  readonly horizonMs: number;
}

export type Schedule = Pick<EnqueueRequest, 'delay' | 'scheduled_at'>;

/** When the first attempt is due: `scheduled_at` before `delay`, and a past time means now. */
export function readSchedule(request: Schedule, { now, horizonMs }: Horizon, faults: Faults): number {
  const delayed = now + readDelay(request.delay ?? 0, faults);
  const named = readTime(request.scheduled_at, '/scheduled_at', faults);
  const due = Math.max(named ?? delayed, now);
  if (due - now <= horizonMs) return due;
  const pointer = named === undefined ? '/delay' : '/scheduled_at';
  faults.add(pointer, `must not be more than ${Math.round(horizonMs / DAY_MS)} days ahead`);
  return now;
}

function readDelay(delay: unknown, faults: Faults): number {
  const ms = parseDuration(delay);
  if (ms === undefined) faults.add('/delay', 'must be seconds ≥ 0 or a text like "90s", "10m", "2h"');
  return ms ?? 0;
}

/** A time that need not be there; nothing when it is absent or at fault. */
export function readTime(
  text: string | null | undefined,
  pointer: string,
  faults: Faults,
): number | undefined {
  const ms = typeof text === 'string' ? parseTime(text) : undefined;
  if (typeof text === 'string' && ms === undefined) {
    faults.add(pointer, 'must be an RFC 3339 time with its zone, like 2026-01-31T09:00:00Z');
  }
  return ms;
}

export interface Timeouts {
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
}

/** The deadline of each attempt, milliseconds. */
export function readTimeout(timeout: EnqueueRequest['timeout'], limits: Timeouts, faults: Faults): number {
  const ms = parseDuration(timeout ?? limits.timeoutMs / 1000);
  if (ms !== undefined && ms > 0 && ms <= limits.maxTimeoutMs) return ms;
  const most = limits.maxTimeoutMs / 1000;
  faults.add('/timeout', `must be more than 0 and at most ${most} seconds, or a text like "30s"`);
  return limits.timeoutMs;
}
