import { DAY_MS } from '../time/day.js';
import { type CronFields, daysOf, isEveryHour, timesOf } from './cron-fields.js';
import { type ClockChange, changeBetween, offsetMs } from './wall-clock.js';

/** No zone is further behind or ahead of UTC, with the hours that clocks are set by. */
const MOST_OFFSET_MS = 15 * 3_600_000;

/** The firings of a day, Unix milliseconds. */
interface DayOfFirings {
  readonly usual: Iterable<number>;
  /** Those of local times that clocks skip, in order: they may come after the end of the day. */
  readonly moved: readonly number[];
}

/**
 * When a cron expression fires on the clocks of a zone, in order, all of it after a time. When clocks are set forward, what
 * is named in the time that does not exist fires as much later as they are set by. When they are set back, what is named fires the
 * first time only. What fires in every hour does so in each hour that there is.
 */
export function* cronFirings(fields: CronFields, timezone: string, after: number): Generator<number, void> {
  const today = startOfDay(after + offsetMs(after, timezone));
  let moved: readonly number[] = [];
  // What was moved out of yesterday may be still to come.
  for (const day of daysOf(fields, today - DAY_MS)) {
    const firings = firingsOn(day, fields, timezone, after);
    moved = [...moved, ...firings.moved.filter((at) => at > after)];
    for (const at of firings.usual) {
      yield* moved.filter((each) => each < at);
      moved = moved.filter((each) => each > at);
      yield at;
    }
    // Before the next day has begun anywhere in it, nothing comes between.
    yield* moved.filter((each) => each < day + DAY_MS - offsetMs(each, timezone));
    moved = moved.filter((each) => each >= day + DAY_MS - offsetMs(each, timezone));
  }
  yield* moved;
}

function firingsOn(day: number, fields: CronFields, timezone: string, after: number): DayOfFirings {
  const change = changeBetween(day - MOST_OFFSET_MS, day + DAY_MS + MOST_OFFSET_MS, timezone);
  if ('offset' in change) return { usual: shifted(fields, day, { offset: change.offset, after }), moved: [] };
  return { usual: aroundChange(day, fields, change, after), moved: movedBy(day, fields, change) };
}

function* aroundChange(
  day: number,
  fields: CronFields,
  change: ClockChange,
  after: number,
): Generator<number, void> {
  const { at, before, behind } = change;
  yield* shifted(fields, day, { offset: before, after, to: at });
  const isTwice = isEveryHour(fields);
  // Local times before this have been there already.
  const from = isTwice ? at : Math.max(at, at + before - behind);
  yield* shifted(fields, day, { offset: behind, after, from });
}

function movedBy(day: number, fields: CronFields, { at, before, behind }: ClockChange): readonly number[] {
  if (behind < before || isEveryHour(fields)) return [];
  const skipped = timesOf(fields, day, { from: at + before, to: at + behind });
  return Array.from(skipped, (local) => local - before);
}

interface Part {
  readonly offset: number;
  readonly after: number;
  readonly from?: number;
  readonly to?: number;
}

/** The local times of a day as clocks with an offset show them, after a time, and from one on and before another. */
function* shifted(
  fields: CronFields,
  day: number,
  { offset, after, from = -Infinity, to = Infinity }: Part,
): Generator<number, void> {
  const bounds = { from: Math.max(from, after + 1) + offset, to: to + offset };
  for (const local of timesOf(fields, day, bounds)) yield local - offset;
}

function startOfDay(local: number): number {
  return Math.floor(local / DAY_MS) * DAY_MS;
}
