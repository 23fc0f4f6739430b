import { cronFields, hasTime, isEveryHour } from './cron-fields.js';
import type { Timing } from './timing.js';
import { type ClockChange, changeBetween } from './wall-clock.js';

/** No zone sets its clocks by more (Antarctica/Troll by two hours). */
const MOST_SHIFT_MS = 3 * 3_600_000;

/**
 * What the setting of clocks does to a firing, in words; nothing to nearly all of them.
 *
 * @param at the firing, Unix milliseconds
 */
export function daylightSavingNote(timing: Timing, at: number): string | undefined {
  if (timing.kind === 'every') return undefined;
  const fields = cronFields(timing.cron);
  const past = changeBetween(at - MOST_SHIFT_MS, at, timing.timezone);
  if ('at' in past && isMoved(at, past) && !hasTime(fields, at + past.behind)) return movedNote(at, past);
  const coming = changeBetween(at, at + MOST_SHIFT_MS, timing.timezone);
  if (!('at' in coming) || at + coming.before < coming.at + coming.behind) return undefined;
  const what = isEveryHour(fields) ? 'it fires both times' : 'it fires the first time only';
  return `${clock(at + coming.before)} comes twice on this day: clocks are set back, and ${what}`;
}

/** Whether it is in the time by which clocks were set forward. */
function isMoved(at: number, change: ClockChange): boolean {
  return at - change.at < change.behind - change.before;
}

function movedNote(at: number, { before, behind }: ClockChange): string {
  const [named, shown] = [clock(at + before), clock(at + behind)];
  return `${named} does not exist on this day: clocks are set forward, and it fires at ${shown}`;
}

function clock(local: number): string {
  return new Date(local).toISOString().slice(11, 16);
}
