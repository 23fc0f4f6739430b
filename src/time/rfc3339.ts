import { DAY_MS } from './day.js';

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

const SECOND_MS = 1000;

/**
 * An RFC 3339 time (with its zone) as Unix milliseconds; nothing for any other text or an impossible date. A leap second,
 * which Unix time does not have, is the second after it.
 */
export function parseTime(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match || Number(match[3]) > daysIn(Number(match[1]), Number(match[2]))) return undefined;
  return match[4] === '60' ? parseLeapSecond(text) : parsePlain(text);
}

/** Leap seconds are the last of a day in UTC, so the next one is the first of a day. */
function parseLeapSecond(text: string): number | undefined {
  const before = parsePlain(text.replace(':60', ':59'));
  const ms = before === undefined ? undefined : before + SECOND_MS;
  return ms === undefined || ms % DAY_MS >= SECOND_MS ? undefined : ms;
}

function parsePlain(text: string): number | undefined {
  // V8 refuses impossible months and offsets, but lets 31 April roll over.
  const ms = Date.parse(text.toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}

const MINUTE_MS = 60_000;
let knownMinute = NaN;
let upToSeconds = '';

/** In UTC, with milliseconds. Every task has its time written, nearly all in the same minute, so that is kept. */
export function formatTime(ms: number): string {
  const minute = Math.floor(ms / MINUTE_MS);
  if (minute !== knownMinute) {
    upToSeconds = new Date(minute * MINUTE_MS).toISOString().slice(0, -'00.000Z'.length);
    knownMinute = minute;
  }
  const digits = String(100_000 + Math.trunc(ms - minute * MINUTE_MS));
  return `${upToSeconds}${digits.slice(1, 3)}.${digits.slice(3)}Z`;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
