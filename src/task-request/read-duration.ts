import { DAY_MS } from '../time/day.js';
import { parseDuration } from '../time/duration.js';
import type { Faults } from './faults.js';

/** Where a duration stands in the request, and what it may be. Milliseconds. */
interface DurationRule {
  readonly pointer: string;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** A duration that need not be there, in milliseconds; nothing when it is absent or at fault. */
export function readDuration(value: unknown, rule: DurationRule, faults: Faults): number | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= rule.leastMs && ms <= rule.mostMs) return ms;
  const least = rule.leastMs > 0 ? 'more than 0' : 'at least 0';
  const days = Math.round(rule.mostMs / DAY_MS);
  faults.add(
    rule.pointer,
    `must be ${least} and at most ${days} days, as seconds or a text like "500ms", "10s", "5m", "2h"`,
  );
  return undefined;
}
