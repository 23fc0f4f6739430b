import { describe, expect, it } from 'vitest';
import { daylightSavingNote } from './daylight-saving.js';
import { faultOfCron, isTimezone, nextFiring, type Timing, upcoming } from './timing.js';

const cron = (text: string, timezone = 'UTC'): Timing => ({ kind: 'cron', cron: text, timezone });
const iso = (times: readonly number[]) => times.map((at) => new Date(at).toISOString().slice(0, 16));
const from = (timing: Timing, at: string, count: number) => iso(upcoming(timing, Date.parse(at), count));

/** What fires, with what is said of it. */
function noted(timing: Timing, at: string, count: number) {
  const times = upcoming(timing, Date.parse(at), count + 1);
  return times.slice(0, count).map((time, n) => {
    const note = daylightSavingNote(timing, time, times[n + 1]);
    return note === undefined ? iso([time])[0] : [iso([time])[0], note];
  });
}

describe('the times of a cron expression on the days on which clocks are set', () => {
  it('Europe/Berlin, forward: what would be in the hour that is not there comes an hour later, once', () => {
    const daily = cron('30 2 * * *', 'Europe/Berlin');
    expect(noted(daily, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30',
      ['2026-03-29T01:30', '02:30 does not exist on this day: clocks are set forward, and it fires at 03:30'],
      '2026-03-30T00:30',
    ]);
    const hourly = cron('0 * * * *', 'Europe/Berlin');
    expect(noted(hourly, '2026-03-28T23:30:00Z', 3)).toEqual([
      '2026-03-29T00:00',
      '2026-03-29T01:00',
      '2026-03-29T02:00',
    ]);
  });

  it('Europe/Berlin, back: an hour that is named comes once, every hour comes each time', () => {
    const daily = cron('30 2 * * *', 'Europe/Berlin');
    expect(noted(daily, '2026-10-24T12:00:00Z', 2)).toEqual([
      [
        '2026-10-25T00:30',
        '02:30 comes twice on this day: clocks are set back, and it fires the first time only',
      ],
      '2026-10-26T01:30',
    ]);
    const hourly = cron('0 * * * *', 'Europe/Berlin');
    expect(noted(hourly, '2026-10-24T23:30:00Z', 4)).toEqual([
      ['2026-10-25T00:00', '02:00 comes twice on this day: clocks are set back, and it fires both times'],
      '2026-10-25T01:00',
      '2026-10-25T02:00',
      '2026-10-25T03:00',
    ]);
  });

  it('America/New_York, forward and back', () => {
    const spring = cron('30 2 * * *', 'America/New_York');
    expect(noted(spring, '2026-03-07T12:00:00Z', 2)).toEqual([
      ['2026-03-08T07:30', '02:30 does not exist on this day: clocks are set forward, and it fires at 03:30'],
      '2026-03-09T06:30',
    ]);
    const autumn = cron('30 1 * * *', 'America/New_York');
    expect(noted(autumn, '2026-10-31T12:00:00Z', 2)).toEqual([
      [
        '2026-11-01T05:30',
        '01:30 comes twice on this day: clocks are set back, and it fires the first time only',
      ],
      '2026-11-02T06:30',
    ]);
    const quarters = cron('*/30 * * * *', 'America/New_York');
    expect(from(quarters, '2026-11-01T04:45:00Z', 6)).toEqual([
      ...['2026-11-01T05:00', '2026-11-01T05:30', '2026-11-01T06:00'],
      ...['2026-11-01T06:30', '2026-11-01T07:00', '2026-11-01T07:30'],
    ]);
  });

  it('are the same from wherever one looks, around every setting of the clocks', () => {
    const days = ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01', '2026-04-05', '2026-10-04'];
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Sydney'];
    const texts = ['30 2 * * *', '30 1 * * *', '*/20 0-4 * * *'];
    const timings = zones.flatMap((timezone) => texts.map((text) => cron(text, timezone)));
    const starts = days.map((day) => Date.parse(`${day}T00:00:00Z`) - 86_400_000);
    for (const [timing, begin] of timings.flatMap((each) => starts.map((start) => [each, start] as const))) {
      const all = upcoming(timing, begin, 160);
      for (let at = begin; at < begin + 2 * 86_400_000; at += 2_400_000) {
        const about = `${JSON.stringify(timing)} ${new Date(at).toISOString()}`;
        expect(nextFiring(timing, at), about).toBe(all.find((time) => time > at));
      }
    }
  });

  it('never gives a time twice, and none before the last, over a year in both zones', () => {
    for (const timezone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      for (const text of ['*/20 0-4 * * *', '30 1,2,3 * * *', '0 * * * *']) {
        const times = upcoming(cron(text, timezone), Date.UTC(2026, 0, 1), 1000);
        expect(
          times.every((time, at) => at === 0 || time > times[at - 1]!),
          `${text} ${timezone}`,
        ).toBe(true);
      }
    }
  });
});

it('six fields begin with seconds, and names stand for what they say', () => {
  expect(upcoming(cron('*/20 * * * * *'), 0, 3)).toEqual([20_000, 40_000, 60_000]);
  expect(from(cron('@daily', 'Asia/Tokyo'), '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T15:00']);
  expect(from(cron('0 9 * * MON-FRI'), '2026-01-02T10:00:00Z', 1)).toEqual(['2026-01-05T09:00']);
  expect(from(cron('0 0 29 2 *'), '2026-01-01T00:00:00Z', 1)).toEqual(['2028-02-29T00:00']);
  expect(from(cron('0 9 * * THU'), '2026-01-02T10:00:00Z', 1)).toEqual(['2026-01-08T09:00']);
});

it('every so often counts from its beginning, which is none itself', () => {
  const timing: Timing = { kind: 'every', everyMs: 90_000, from: 1000 };
  expect(upcoming(timing, 0, 3)).toEqual([91_000, 181_000, 271_000]);
  expect(nextFiring(timing, 91_000)).toBe(181_000);
  expect(nextFiring(timing, 90_999)).toBe(91_000);
});

it.each([
  '',
  '* * * *',
  '* * * * * * *',
  '61 * * * *',
  '0 0 30 2 *',
  'H * * * *',
  '? * * * *',
  '@reboot',
  '@every 5m',
  'a b c d e',
  '* * * * * ;',
])('refuses %j as a cron expression', (text) => {
  expect(faultOfCron(text)).toBeDefined();
});

it.each([
  '* * * * *',
  ' 0 9 * * 1-5 ',
  '@hourly',
  '0 0 L * *',
  '0 0 * * 1#2',
  '5/15 * * * *',
  '0 0 1 MAR *',
  '0 0 * * THU',
])('takes %j as a cron expression', (text) => {
  expect(faultOfCron(text)).toBeUndefined();
});

it('knows zones by their names only', () => {
  expect(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'].map(isTimezone)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['Europe/Atlantis', '', '+02:00', 'local'].map(isTimezone)).toEqual([false, false, false, false]);
});
