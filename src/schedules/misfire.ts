import { firings, type Timing } from './timing.js';

export const MISFIRES = ['skip', 'once', 'all'] as const;
export type Misfire = (typeof MISFIRES)[number];

/** An occurrence that is late by less than this was not missed: no policy is asked. */
const ON_TIME_MS = 60_000;

/** So many missed occurrences are made up for after an outage, the newest ones. */
export const MOST_MADE_UP = 100;

/** How many firings of an outage are looked at one by one: three hours of one each second. */
const MOST_LOOKED_AT = 11_000;

export interface MisfireRules {
  readonly timing: Timing;
  readonly misfire: Misfire;
  /** No occurrence is fired later than this, milliseconds. */
  readonly maxLatenessMs: number;
}

/** What is to be done now about a schedule. Times are Unix milliseconds. */
export interface Due {
  /** Occurrences to fire, in order. */
  readonly fire: readonly number[];
  /** How many are not fired; of an outage with very many not all of them. */
  readonly missed: number;
  /** When it fires next; nothing = never again. */
  readonly next: number | undefined;
}

/**
 * What has become due of a schedule. What is on time, or late by less than a minute, is fired; of what was missed `skip`
 * fires none, `once` the newest one unless one is on time, which stands for it, and `all` each, as far as it is not too late.
 *
 * @param since the first firing that nobody has seen to yet
 */
export function dueNow({ timing, misfire, maxLatenessMs }: MisfireRules, since: number, now: number): Due {
  const onTimeMs = Math.min(ON_TIME_MS, maxLatenessMs);
  const { times, next, skipped } = passed(timing, Math.max(since, now - maxLatenessMs), now);
  const late = times.filter((time) => time < now - onTimeMs);
  const onTime = times.slice(late.length);
  const madeUp = madeUpFor(late, misfire, onTime.length > 0);
  const tooLate = countBefore(timing, since, now - maxLatenessMs);
  return { fire: [...madeUp, ...onTime], missed: skipped + tooLate + late.length - madeUp.length, next };
}

/** How many there are from a time on and before another, as far as they are looked at one by one. */
function countBefore(timing: Timing, from: number, to: number): number {
  let count = 0;
  for (const time of firings(timing, from - 1)) if (time >= to || count++ === MOST_LOOKED_AT) break;
  return count;
}

function madeUpFor(late: readonly number[], misfire: Misfire, isOneOnTime: boolean): readonly number[] {
  if (misfire === 'skip' || (misfire === 'once' && isOneOnTime)) return [];
  return late.slice(misfire === 'once' ? -1 : -MOST_MADE_UP);
}

/** The firings from a time on that have passed; of very many the newest. */
function passed(
  timing: Timing,
  from: number,
  now: number,
): { times: readonly number[]; next: number | undefined; skipped: number } {
  const times: number[] = [];
  for (const time of firings(timing, from - 1)) {
    if (time > now) return { times, next: time, skipped: 0 };
    times.push(time);
    if (times.length > MOST_LOOKED_AT) {
      const rest = passed(timing, Math.max(time + 1, now - (MOST_LOOKED_AT / 2) * 1000), now);
      return { ...rest, skipped: rest.skipped + times.length };
    }
  }
  return { times, next: undefined, skipped: 0 };
}
