import { describe, expect, it } from 'vitest';
import { type CronFields, cronFields, hasTime, isEveryHour } from './cron-fields.js';
import { nextFiring, type Timing, upcoming } from './timing.js';
import { offsetMs } from './wall-clock.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const cron = (text: string, timezone: string): Timing => ({ kind: 'cron', cron: text, timezone });

/** Whose clocks are set at midnight, by half an hour, by two hours, over the end of a day, or back in spring; and two usual ones. */
const ZONES = [
  ...[
    'Europe/Berlin',
    'America/New_York',
    'America/Santiago',
    'Africa/Cairo',
    'Asia/Beirut',
    'America/Havana',
  ],
  ...['Atlantic/Azores', 'America/Nuuk', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Casablanca'],
  ...['Europe/Dublin', 'Pacific/Chatham', 'Australia/Sydney'],
];
const EXPRESSIONS = [
  ...['0 0 * * *', '30 2 * * *', '15 0,1,2,3,23 * * *', '*/20 * * * *', '5,50 0-3,22-23 * * *', '30 1 * * 0'],
  ...['0 12 * * *', '*/10 1-23 * * *'],
];

/** The minutes of a year at which clocks in a zone are set, found by looking at every half hour. */
function changes(timezone: string): number[] {
  const [from, to] = [Date.UTC(2027, 0, 1), Date.UTC(2028, 0, 1)];
  const found: number[] = [];
  for (let at = from; at < to; at += 30 * MINUTE)
    if (offsetMs(at, timezone) !== offsetMs(at - 30 * MINUTE, timezone)) found.push(at);
  return found;
}

/** What clocks show in each minute, and what they showed in the one before, as ahead of UTC. */
type Minutes = readonly (readonly [at: number, before: number, now: number])[];

function minutesOf(timezone: string, from: number, to: number): Minutes {
  const minutes: [number, number, number][] = [];
  let before = offsetMs(from - MINUTE, timezone);
  for (let at = from; at < to; at += MINUTE) {
    const now = offsetMs(at, timezone);
    minutes.push([at, before, now]);
    before = now;
  }
  return minutes;
}

/** By definition, minute by minute: what clocks show, each time and never twice, and what they skip, later by as much. */
function byDefinition(fields: CronFields, minutes: Minutes, from: number): number[] {
  const times = new Set<number>();
  const seen = new Set<number>();
  for (const [at, before, now] of minutes) {
    for (let local = at + before; local < at + now; local += MINUTE)
      if (!isEveryHour(fields) && hasTime(fields, local)) times.add(local - before);
    if (hasTime(fields, at + now) && (isEveryHour(fields) || !seen.has(at + now))) times.add(at);
    seen.add(at + now);
  }
  return [...times].filter((at) => at > from).toSorted((one, other) => one - other);
}

describe.each(ZONES)('in %s, around every change of the clocks in a year', (timezone) => {
  const all = changes(timezone);

  it('fires as it is defined', () => {
    expect(all.length).toBeGreaterThan(1);
    for (const change of all) {
      const [from, to] = [change - DAY, change + 2 * DAY];
      const minutes = minutesOf(timezone, from - DAY, to);
      for (const text of EXPRESSIONS) {
        const expected = byDefinition(cronFields(text), minutes, from).filter((at) => at < to);
        const given = upcoming(cron(text, timezone), from, expected.length + 1).filter((at) => at < to);
        const about = `${text} ${new Date(change).toISOString()}`;
        expect(
          given.map((at) => new Date(at).toISOString()),
          about,
        ).toEqual(expected.map((at) => new Date(at).toISOString()));
      }
    }
  });

  it('gives the same from wherever one looks', () => {
    for (const change of all) {
      for (const text of EXPRESSIONS.slice(0, 5)) {
        const timing = cron(text, timezone);
        const times = upcoming(timing, change - 2 * DAY, 600);
        for (let at = change - DAY; at < change + DAY; at += 53 * MINUTE)
          expect(nextFiring(timing, at), text).toBe(times.find((time) => time > at));
      }
    }
  });
});

it('looks no further than it has to, whatever is asked for', () => {
  const rare = ['0 0 29 2 *', '0 0 31 4 1#5', '0 0 31 2,4,6,9,11 1L', '0 0 * 2 1#5'];
  const days = rare.map((text) => upcoming(cron(text, 'America/Santiago'), Date.UTC(2026, 0, 1), 100).length);
  expect(days).toEqual([100, 100, 100, 100]);
  const next = upcoming(cron('0 0 * 2 1#5', 'UTC'), Date.UTC(2026, 0, 1), 1);
  expect(new Date(next[0]!).toISOString()).toBe('2044-02-29T00:00:00.000Z');
});

it('every second begins where one looks, on a day like any other and on one whose clocks are set', () => {
  for (const at of ['2027-03-28T03:59:58.500Z', '2027-06-01T20:59:58.500Z']) {
    const now = Date.parse(at);
    expect(upcoming(cron('* * 1-23 * * *', 'Europe/Berlin'), now, 2)).toEqual([now + 500, now + 1500]);
  }
});
