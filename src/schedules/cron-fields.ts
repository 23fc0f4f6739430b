import { CronExpressionParser } from 'cron-parser';
import { DAY_MS } from '../time/day.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** What a cron expression says, read. Local times are as milliseconds since 1970 on the clocks of its zone. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** From 1. */
  readonly months: ReadonlySet<number>;
  /** Whether a day of one of these months is meant. */
  readonly hasDay: (date: Date) => boolean;
}

/** Names for expressions, whose meaning is written in every description of cron. */
export const NAMED: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const known = new Map<string, CronFields>();
const MOST_KNOWN = 1000;

/** @throws Error for what is no cron expression */
export function cronFields(cron: string): CronFields {
  const fields = known.get(cron) ?? read(NAMED.get(cron) ?? cron);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(cron, fields);
  return fields;
}

function read(cron: string): CronFields {
  const { second, minute, hour, month, dayOfMonth, dayOfWeek } = CronExpressionParser.parse(cron, {
    tz: 'UTC',
  }).fields;
  const inMonth = (date: Date): boolean =>
    has(dayOfMonth.values, date.getUTCDate()) || (dayOfMonth.hasLastChar && isLastDay(date));
  const inWeek = (date: Date): boolean =>
    has(dayOfWeek.values, date.getUTCDay())
      ? dayOfWeek.nthDay === 0 || dayOfWeek.nthDay === Math.ceil(date.getUTCDate() / 7)
      : isInLastWeek(date) && has(dayOfWeek.values, `${date.getUTCDay()}L`);
  return {
    seconds: second.values,
    minutes: minute.values,
    hours: hour.values,
    months: new Set<number>(month.values),
    hasDay: dayMeant(dayOfMonth.isWildcard, dayOfWeek.isWildcard, inMonth, inWeek),
  };
}

type Days = CronFields['hasDay'];

/** Where both fields say something, one of them is enough: so it is in every cron since that of Version 7. */
function dayMeant(isAnyDate: boolean, isAnyDay: boolean, inMonth: Days, inWeek: Days): Days {
  if (isAnyDay) return inMonth;
  return isAnyDate ? inWeek : (date) => inMonth(date) || inWeek(date);
}

function has(values: readonly unknown[], value: unknown): boolean {
  return values.includes(value);
}

function isLastDay(date: Date): boolean {
  return new Date(date.getTime() + DAY_MS).getUTCDate() === 1;
}

function isInLastWeek(date: Date): boolean {
  return new Date(date.getTime() + 7 * DAY_MS).getUTCMonth() !== date.getUTCMonth();
}

/** Whether something fires in each hour: then a day whose clocks are set is like any other, hour by hour. */
export function isEveryHour({ hours }: CronFields): boolean {
  return hours.length === 24;
}

/** Whether a local time is meant. */
export function hasTime({ hours, minutes, seconds, months, hasDay }: CronFields, local: number): boolean {
  const date = new Date(local);
  if (!months.has(date.getUTCMonth() + 1) || !hasDay(date)) return false;
  return (
    hours.includes(date.getUTCHours()) &&
    minutes.includes(date.getUTCMinutes()) &&
    seconds.includes(date.getUTCSeconds())
  );
}

/** The fifth Monday of February comes every 28 years, and every 40 around 2100. */
const MOST_YEARS_APART = 40;

/**
 * The days that are meant, in order, each as the local time at which it begins.
 *
 * @param from the first that may be given, as such
 */
export function* daysOf({ months, hasDay }: CronFields, from: number): Generator<number, void> {
  const beyond = MOST_YEARS_APART * 366 * DAY_MS;
  for (let day = from, end = from + beyond; day < end;) {
    const date = new Date(day);
    if (!months.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
      continue;
    }
    if (hasDay(date)) {
      yield day;
      end = day + beyond;
    }
    day += DAY_MS;
  }
}

/** The local times of a day that are meant, in order, from one on and before another. */
export function* timesOf(
  { hours, minutes, seconds }: CronFields,
  day: number,
  { from, to }: { readonly from: number; readonly to: number },
): Generator<number, void> {
  for (const hour of within(hours, day, HOUR_MS, from)) {
    for (const minute of within(minutes, hour, MINUTE_MS, from)) {
      const times = seconds.map((second) => minute + second * 1000);
      yield* times.filter((time) => time >= from && time < to);
      if (minute >= to) return;
    }
  }
}

/** When the units begin that have not ended before a time. */
function* within(
  units: readonly number[],
  begin: number,
  unitMs: number,
  from: number,
): Generator<number, void> {
  for (const unit of units) if (begin + (unit + 1) * unitMs > from) yield begin + unit * unitMs;
}
