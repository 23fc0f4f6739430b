import { CronExpressionParser } from 'cron-parser';
import type { Timing } from './timing.js';
import { MOST_SHIFT_MS, offsetMinutes, wallMinutes } from './wall-clock.js';

type Cron = Timing & { readonly kind: 'cron' };

const MINUTE_MS = 60_000;
/**
 * What the setting of clocks does to a firing, in words; nothing to nearly all of them.
 *
 * @param at the firing, Unix milliseconds
 * @param next the one after it, if there is one
 */
export function daylightSavingNote(timing: Timing, at: number, next: number | undefined): string | undefined {
  if (timing.kind === 'every') return undefined;
  const { timezone } = timing;
  const [before, now, after] = [at - MOST_SHIFT_MS, at, at + MOST_SHIFT_MS].map((time) =>
    offsetMinutes(time, timezone),
  ) as [number, number, number];
  if (now > before) return skippedNote(timing, at, now - before);
  if (after >= now) return undefined;
  return repeatedNote(timezone, at, next, (now - after) * MINUTE_MS);
}

/** Clocks were set forward shortly before. */
function skippedNote({ cron, timezone }: Cron, at: number, minutes: number): string | undefined {
  const shown = wallMinutes(at, timezone);
  const { hour } = CronExpressionParser.parse(cron.trim()).fields;
  const isItsOwn = (hour.values as readonly number[]).includes(Math.floor(shown / 60) % 24);
  if (isItsOwn) return undefined;
  return `${clock(shown - minutes)} does not exist on this day: clocks are set forward, and it fires at ${clock(shown)}`;
}

/** Clocks are set back soon. */
function repeatedNote(
  timezone: string,
  at: number,
  next: number | undefined,
  shiftMs: number,
): string | undefined {
  const shown = wallMinutes(at, timezone);
  if (wallMinutes(at + shiftMs, timezone) !== shown) return undefined;
  const isRepeated = next !== undefined && next <= at + shiftMs;
  const what = isRepeated ? 'it fires both times' : 'it fires the first time only';
  return `${clock(shown)} comes twice on this day: clocks are set back, and ${what}`;
}

function clock(minutes: number): string {
  return new Date(minutes * MINUTE_MS).toISOString().slice(11, 16);
}
