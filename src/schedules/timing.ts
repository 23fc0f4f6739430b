import { CronExpressionParser } from 'cron-parser';
import { MOST_SHIFT_MS, offsetMinutes } from './wall-clock.js';

/** When a schedule fires. Times are Unix milliseconds. */
export type Timing =
  /** A cron expression of five or six fields, the first of six being seconds, read on the clocks of a time zone. */
  | { readonly kind: 'cron'; readonly cron: string; readonly timezone: string }
  /** Every so often, counted from `from`, which does not fire itself. */
  | { readonly kind: 'every'; readonly everyMs: number; readonly from: number };

/** Whose meaning is written in every description of cron. */
const NAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
/** One or more of these in each field. `H` and `?` are not: the one is drawn anew each time, the other says nothing. */
const FIELDS = /^[\dA-GI-Za-gi-z*/,#-]+(?:\s+[\dA-GI-Za-gi-z*/,#-]+){4,5}$/;
const MOST_CHARS = 256;

/** Why a text is no cron expression, as the rest of "/cron ..."; nothing when it is one. */
export function faultOfCron(cron: string): string | undefined {
  const text = cron.trim();
  if (text.startsWith('@')) return NAMES.includes(text) ? undefined : `must be one of ${NAMES.join(', ')}`;
  if (text.length > MOST_CHARS || !FIELDS.test(withoutNames(text)))
    return 'must have five fields (minute, hour, day of month, month, day of week), or six with seconds in front';
  try {
    CronExpressionParser.parse(text, { tz: 'UTC', currentDate: 0 }).next();
    return undefined;
  } catch (error) {
    return `is no cron expression that ever fires: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The one name of a day or a month that has an `H` in it. */
function withoutNames(text: string): string {
  return text.replaceAll(/THU/gi, 'WED');
}

/** Whether a text is the name of a time zone (IANA), as the platform knows them. */
export function isTimezone(text: string): boolean {
  // An offset is no zone: it knows nothing of daylight saving.
  if (/^[+-]/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** Gives the times at which a schedule fires, in order, all of them after `after`; ends when it never fires again. */
export function* firings(timing: Timing, after: number): Generator<number, void> {
  if (timing.kind === 'every') {
    const { everyMs, from } = timing;
    for (let n = Math.max(1, Math.floor((after - from) / everyMs) + 1); ; n++) yield from + n * everyMs;
  }
  const { cron, timezone: tz } = timing;
  const expression = CronExpressionParser.parse(cron.trim(), {
    tz,
    currentDate: new Date(startFor(after, tz)),
  });
  let last = after;
  for (;;) {
    const next = nextOf(expression);
    if (next === undefined) return;
    // Where clocks are set the same moment may be given for two local times.
    if (next > last) yield next;
    last = Math.max(last, next);
  }
}

/**
 * Where to begin so as to know what comes after a time: in the hour after clocks were set, before that. The library moves a
 * firing out of the hour that is skipped, and leaves out the second one in the hour that is repeated, only when it has
 * come by that moment itself.
 */
function startFor(after: number, timezone: string): number {
  const shift = Math.abs(offsetMinutes(after, timezone) - offsetMinutes(after - MOST_SHIFT_MS, timezone));
  return after - shift * 60_000;
}

/** The next time after that one; nothing when it never fires again. */
export function nextFiring(timing: Timing, after: number): number | undefined {
  return firings(timing, after).next().value ?? undefined;
}

/** The next ones, at most `count`. */
export function upcoming(timing: Timing, after: number, count: number): number[] {
  const times: number[] = [];
  if (count === 0) return times;
  for (const time of firings(timing, after)) if (times.push(time) === count) break;
  return times;
}

function nextOf(expression: ReturnType<typeof CronExpressionParser.parse>): number | undefined {
  try {
    return expression.next().getTime();
  } catch {
    // As of one whose day does not come in the years that the library looks ahead.
    return undefined;
  }
}
