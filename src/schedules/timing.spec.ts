import { describe, expect, it } from 'vitest';
import { daylightSavingNote } from './daylight-saving.js';
import { faultOfCron, isTimezone, nextFiring, type Timing, upcoming } from './timing.js';

const cron = (text: string, timezone = 'UTC'): Timing => ({ kind: 'cron', cron: text, timezone });
const iso = (times: readonly number[]) => times.map((at) => new Date(at).toISOString().slice(0, 16));
const from = (timing: Timing, at: string, count: number) => iso(upcoming(timing, Date.parse(at), count));

/** What fires, with what is said of it. */
function noted(timing: Timing, at: string, count: number) {
  return upcoming(timing, Date.parse(at), count).map((time) => {
    const note = daylightSavingNote(timing, time);
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

  it('a night whose midnight does not exist has its firing, and each says what was named', () => {
    const nightly = cron('0 0 4-6 9 *', 'America/Santiago');
    expect(noted(nightly, '2027-09-01T12:00:00Z', 3)).toEqual([
      '2027-09-04T04:00',
      ['2027-09-05T04:00', '00:00 does not exist on this day: clocks are set forward, and it fires at 01:00'],
      '2027-09-06T03:00',
    ]);
    expect(noted(cron('15 2 3 10 *', 'Australia/Lord_Howe'), '2027-10-01T00:00:00Z', 1)).toEqual([
      ['2027-10-02T15:45', '02:15 does not exist on this day: clocks are set forward, and it fires at 02:45'],
    ]);
    expect(noted(cron('0 2 28 3 *', 'Antarctica/Troll'), '2027-03-01T00:00:00Z', 1)).toEqual([
      ['2027-03-28T02:00', '02:00 does not exist on this day: clocks are set forward, and it fires at 04:00'],
    ]);
    expect(noted(cron('30 23 27 3 *', 'America/Nuuk'), '2027-03-01T00:00:00Z', 1)).toEqual([
      ['2027-03-28T01:30', '23:30 does not exist on this day: clocks are set forward, and it fires at 00:30'],
    ]);
  });

  it('back: what is named more than once in the hour comes the first time only, and says so', () => {
    const twice = 'clocks are set back, and it fires the first time only';
    expect(noted(cron('*/30 2 31 10 *', 'Europe/Berlin'), '2027-10-01T00:00:00Z', 2)).toEqual([
      ['2027-10-31T00:00', `02:00 comes twice on this day: ${twice}`],
      ['2027-10-31T00:30', `02:30 comes twice on this day: ${twice}`],
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

it('says what is wrong with a text', () => {
  expect(faultOfCron('0 0 ? * MON')).toBe('has a field ?: fields are of digits, names and * , - / # L');
  expect(faultOfCron('H * * * *')).toBe('has a name H: months and days have three letters, like JAN and MON');
  expect(faultOfCron('0 0 * * MONDAY')).toMatch(/^has a name MONDAY: .* three letters/);
  expect(faultOfCron('0 0 30 2 *')).toMatch(/Invalid|never comes/);
  expect(faultOfCron('0 0 31 2,4,6,9,11 *')).toBe('names a day that never comes');
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
  '@midnight',
  '@annually',
  '0 0 * * 5L',
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
