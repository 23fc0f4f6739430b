import { describe, expect, it } from 'vitest';
import { dueNow, MISFIRES, MOST_MADE_UP } from './misfire.js';
import { nextFiring, type Timing } from './timing.js';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`2026-06-01T${text}Z`);
const shown = (times: readonly number[]) => times.map((time) => new Date(time).toISOString().slice(11, 19));
const hourly: Timing = { kind: 'cron', cron: '0 * * * *', timezone: 'Europe/Berlin' };

/** What is fired when nobody was there from 09:30 to a time. */
const after = (
  misfire: (typeof MISFIRES)[number],
  back: string,
  maxLatenessMs = 24 * HOUR,
  timing = hourly,
) => {
  const { fire, missed, next } = dueNow({ timing, misfire, maxLatenessMs }, at('10:00:00'), at(back));
  return { fire: shown(fire), missed, next: next === undefined ? next : shown([next])[0] };
};

describe('an outage of three hours', () => {
  it('skip: nothing of what was missed', () => {
    expect(after('skip', '12:30:00')).toEqual({ fire: [], missed: 3, next: '13:00:00' });
  });
  it('once: the newest of what was missed', () => {
    expect(after('once', '12:30:00')).toEqual({ fire: ['12:00:00'], missed: 2, next: '13:00:00' });
  });
  it('all: all of what was missed, in order', () => {
    const fire = ['10:00:00', '11:00:00', '12:00:00'];
    expect(after('all', '12:30:00')).toEqual({ fire, missed: 0, next: '13:00:00' });
  });
  it('that ends when one is due: that one is on time under each policy, and stands for the others when once', () => {
    expect(after('skip', '12:00:30').fire).toEqual(['12:00:00']);
    expect(after('once', '12:00:30')).toEqual({ fire: ['12:00:00'], missed: 2, next: '13:00:00' });
    expect(after('all', '12:00:30').fire).toEqual(['10:00:00', '11:00:00', '12:00:00']);
  });
  it('nothing is fired later than max_lateness', () => {
    expect(after('all', '12:30:00', 2 * HOUR)).toMatchObject({ fire: ['11:00:00', '12:00:00'], missed: 1 });
    expect(after('all', '12:30:00', HOUR / 4)).toMatchObject({ fire: [], missed: 3 });
    expect(after('once', '12:30:00', HOUR / 4).fire).toEqual([]);
    expect(after('skip', '12:00:30', 10_000).fire).toEqual([]);
  });
  it('of very many the newest hundred are made up for', () => {
    const timing: Timing = { kind: 'every', everyMs: 1000, from: at('10:00:00') - 1000 };
    const { fire } = dueNow(
      { timing, misfire: 'all', maxLatenessMs: 24 * HOUR },
      at('10:00:00'),
      at('12:30:00'),
    );
    expect(fire).toHaveLength(MOST_MADE_UP + 61);
    expect(shown(fire.slice(0, 1))).toEqual(['12:27:20']);
    expect(shown(fire.slice(-1))).toEqual(['12:30:00']);
  });
  it('of a month of seconds is over in a moment', () => {
    const timing: Timing = { kind: 'cron', cron: '* * * * * *', timezone: 'UTC' };
    const since = at('12:30:00') - 30 * 24 * HOUR;
    const due = dueNow({ timing, misfire: 'once', maxLatenessMs: 7 * 24 * HOUR }, since, at('12:30:00'));
    expect(shown(due.fire.slice(-1))).toEqual(['12:30:00']);
    expect(due.missed).toBeGreaterThan(10_000);
  });
});

it('an outage over the hour that clocks skip, and over the one that they repeat', () => {
  const daily: Timing = { kind: 'cron', cron: '30 2 * * *', timezone: 'Europe/Berlin' };
  const rules = { timing: daily, misfire: 'all', maxLatenessMs: 24 * HOUR } as const;
  const spring = dueNow(
    rules,
    nextFiring(daily, Date.parse('2026-03-29T00:00:00Z'))!,
    Date.parse('2026-03-29T03:00:00Z'),
  );
  expect(spring.fire.map((time) => new Date(time).toISOString())).toEqual(['2026-03-29T01:30:00.000Z']);
  const autumn = dueNow(
    rules,
    nextFiring(daily, Date.parse('2026-10-24T23:00:00Z'))!,
    Date.parse('2026-10-25T02:00:00Z'),
  );
  expect(autumn.fire.map((time) => new Date(time).toISOString())).toEqual(['2026-10-25T00:30:00.000Z']);
});

it('what is late by seconds was not missed, and what is not due yet is left', () => {
  expect(after('skip', '10:00:03')).toEqual({ fire: ['10:00:00'], missed: 0, next: '11:00:00' });
  expect(after('all', '09:59:59')).toEqual({ fire: [], missed: 0, next: '10:00:00' });
});
