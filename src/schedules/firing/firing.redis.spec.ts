import { afterEach, describe, expect, it } from 'vitest';
import { FiringHarness } from '../../../test/support/firing-harness.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { PREFIX } from '../../redis/keys.js';
import type { Misfire } from '../misfire.js';
import { scripts } from '../scripts.js';
import type { Timing } from '../timing.js';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(`${text}Z`);
const shown = (times: readonly number[]): string[] =>
  times.map((time) => new Date(time).toISOString().slice(5, 16));
const cron = (text: string, timezone: string): Timing => ({ kind: 'cron', cron: text, timezone });

let harness: FiringHarness;
afterEach(async () => {
  await harness.stop();
});

async function begin(time: string): Promise<FiringHarness> {
  harness = await FiringHarness.start(new ManualClock(at(time)));
  return harness;
}

/** Each whole hour of UTC after one, up to another. */
function hours(from: string, to: string): string[] {
  const count = (at(to) - at(from)) / HOUR;
  return shown(Array.from({ length: count }, (_, n) => at(from) + (n + 1) * HOUR));
}

describe('through a setting of the clocks, each firing becomes one task', () => {
  it.each([
    {
      ...{ zone: 'Europe/Berlin', change: 'forward', from: '2026-03-28T00:00', to: '2026-03-30T12:00' },
      named: ['30 2 * * *', ['03-28T01:30', '03-29T01:30', '03-30T00:30']],
      twice: ['15 2,3 * * *', ['03-28T01:15', '03-28T02:15', '03-29T01:15', '03-30T00:15', '03-30T01:15']],
    },
    {
      ...{ zone: 'Europe/Berlin', change: 'back', from: '2026-10-24T00:00', to: '2026-10-26T12:00' },
      named: ['30 2 * * *', ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
      twice: [
        '15 2,3 * * *',
        ['10-24T00:15', '10-24T01:15', '10-25T00:15', '10-25T02:15', '10-26T01:15', '10-26T02:15'],
      ],
    },
    {
      ...{ zone: 'America/New_York', change: 'forward', from: '2026-03-07T05:00', to: '2026-03-09T12:00' },
      named: ['30 2 * * *', ['03-07T07:30', '03-08T07:30', '03-09T06:30']],
      twice: ['15 2,3 * * *', ['03-07T07:15', '03-07T08:15', '03-08T07:15', '03-09T06:15', '03-09T07:15']],
    },
    {
      ...{ zone: 'America/New_York', change: 'back', from: '2026-10-31T04:00', to: '2026-11-02T12:00' },
      named: ['30 1 * * *', ['10-31T05:30', '11-01T05:30', '11-02T06:30']],
      twice: [
        '15 1,2 * * *',
        ['10-31T05:15', '10-31T06:15', '11-01T05:15', '11-01T07:15', '11-02T06:15', '11-02T07:15'],
      ],
    },
  ] as const)('$zone, $change', async ({ zone, from, to, named, twice }) => {
    const { clock } = await begin(from);
    await harness.schedule('named', cron(named[0], zone));
    await harness.schedule('twice', cron(twice[0], zone));
    await harness.schedule('hourly', cron('0 * * * *', zone));
    await harness.schedule('every', { kind: 'every', everyMs: HOUR, from: clock.now() });
    harness.work();
    await harness.runTo(at(to));
    expect(shown(await harness.fired('named'))).toEqual(named[1]);
    expect(shown(await harness.fired('twice'))).toEqual(twice[1]);
    expect(shown(await harness.fired('hourly'))).toEqual(hours(from, to));
    expect(shown(await harness.fired('every'))).toEqual(hours(from, to));
    expect((await harness.find('hourly')).tally).toMatchObject({ fired: hours(from, to).length, skipped: 0 });
  });
});

describe('an outage of three hours', () => {
  const POLICIES: Readonly<Record<Misfire, { missed: readonly string[]; skipped: number }>> = {
    skip: { missed: [], skipped: 3 },
    once: { missed: ['06-01T12:00'], skipped: 2 },
    all: { missed: ['06-01T10:00', '06-01T11:00', '06-01T12:00'], skipped: 0 },
  };

  it.each(['skip', 'once', 'all'] as const)('under %s', async (misfire) => {
    await begin('2026-06-01T08:30:00');
    await harness.schedule('hourly', cron('0 * * * *', 'Europe/Berlin'), {
      misfire,
      maxLatenessMs: 24 * HOUR,
    });
    harness.work();
    await harness.runTo(at('2026-06-01T09:30:00'));
    await harness.rest();
    harness.clock.advance(3 * HOUR);
    harness.work();
    await harness.runTo(at('2026-06-01T14:30:00'));
    const { missed, skipped } = POLICIES[misfire];
    const fired = ['06-01T09:00', ...missed, '06-01T13:00', '06-01T14:00'];
    expect(shown(await harness.fired('hourly'))).toEqual(fired);
    expect((await harness.find('hourly')).tally).toMatchObject({ fired: fired.length, skipped });
  });

  it('over the hour that clocks skip: what was moved out of it is made up for, once', async () => {
    await begin('2026-03-29T00:30:00');
    const fields = { misfire: 'all', maxLatenessMs: 24 * HOUR } as const;
    await harness.schedule('named', cron('30 2 * * *', 'Europe/Berlin'), fields);
    harness.clock.advance(3 * HOUR);
    harness.work();
    await harness.runTo(at('2026-03-30T12:00:00'));
    expect(shown(await harness.fired('named'))).toEqual(['03-29T01:30', '03-30T00:30']);
  });
});

/** Lets both loops look once, at the time that it is. */
async function look(): Promise<void> {
  await harness.claims.look();
  await harness.occurrences.look();
}

const every = (everyMs: number): Timing => ({ kind: 'every', everyMs, from: harness.clock.now() });
const waiting = () => harness.redis.hgetall('{tr}:schedules:waiting');
const orders = () => harness.redis.zcard('{tr}:occurrences');

describe('an occurrence that was claimed', () => {
  it('is ordered once, however often it is claimed', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('s', every(HOUR), { overlap: 'skip' });
    const claim = {
      progress: {},
      occurrences: [{ id: 'client-a.s@run-x', at: at('2026-06-01T09:00') }],
      missed: 0,
    };
    for (let n = 0; n < 3; n++) {
      await harness.store.claim(await harness.find('s'), { ...claim, isByHand: true });
    }
    expect(await waiting()).toEqual({ 'client-a': '1', 'client-a.s': '1' });
    await harness.occurrences.look();
    expect(await waiting()).toEqual({});
    expect((await harness.find('s')).tally).toMatchObject({ fired: 1, lastTaskId: 'client-a.s@run-x' });
  });

  it('waits with others up to a number, of its schedule and of its client', async () => {
    await begin('2026-06-01T09:00');
    const second = { timing: every(1000), misfire: 'all', maxLatenessMs: 24 * HOUR } as const;
    await harness.schedule('s', second.timing, second);
    for (let minute = 0; minute < 5; minute++) {
      harness.clock.advance(50_000);
      await harness.claims.look();
    }
    expect(await orders()).toBe(200);
    expect((await harness.find('s')).tally).toMatchObject({
      skipped: 50,
      lastSkip: { reason: 'too_many_waiting' },
    });
    await harness.redis.hset('{tr}:schedules:waiting', 'client-a', 999);
    await harness.schedule('t', every(1000));
    harness.clock.advance(10_000);
    await harness.claims.look();
    expect((await harness.find('t')).tally).toMatchObject({ skipped: 9 });
  });

  it('becomes no task when it is too late for it, the schedule is paused, or there is another one of its name', async () => {
    await begin('2026-06-01T09:00');
    for (const id of ['late', 'paused', 'gone'])
      await harness.schedule(id, every(HOUR), { maxLatenessMs: 60_000 });
    harness.clock.advance(HOUR);
    await harness.claims.look();
    expect(await orders()).toBe(3);
    const paused = await harness.find('paused');
    await harness.store.keep(paused.key, paused, { ...paused, progress: { isPaused: true } });
    const gone = await harness.find('gone');
    await harness.store.keep(gone.key, gone, undefined);
    harness.clock.advance(61_000);
    await harness.schedule('gone', every(HOUR));
    await harness.occurrences.look();
    expect((await harness.find('late')).tally).toMatchObject({ fired: 0, lastSkip: { reason: 'missed' } });
    expect((await harness.find('paused')).tally).toMatchObject({ fired: 0, lastSkip: { reason: 'paused' } });
    expect((await harness.find('gone')).tally).toEqual({ fired: 0, skipped: 0 });
    expect([await orders(), await waiting()]).toEqual([0, {}]);
  });

  it('waits behind the one before no longer than it may be late', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('s', every(60_000), { overlap: 'queue', maxLatenessMs: 90_000 });
    harness.clock.advance(60_000);
    await look();
    harness.clock.advance(60_000);
    await look();
    expect(await orders()).toBe(1);
    harness.clock.advance(91_000);
    await harness.occurrences.look();
    expect(await orders()).toBe(0);
    expect((await harness.find('s')).tally).toMatchObject({
      fired: 1,
      skipped: 1,
      lastSkip: { reason: 'overlap' },
    });
  });
});

describe('of several workers', () => {
  const dueAt = () => harness.redis.zscore('{tr}:schedules:due', 'client-a.s');

  it('the first has an occurrence, and who has read the schedule before has nothing', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('s', every(60_000));
    harness.clock.advance(60_000);
    const read = await harness.find('s');
    await harness.claims.look();
    expect(await dueAt()).toBe(String((await harness.find('s')).progress.next));
    const occurrences = [{ id: 'client-a.s@late', at: harness.clock.now() }];
    expect(await harness.store.claim(read, { progress: {}, occurrences, missed: 0 })).toBeUndefined();
    expect(await orders()).toBe(1);
    const now = await harness.find('s');
    await harness.store.keep(now.key, now, undefined);
    expect(await dueAt()).toBeNull();
  });

  it('one that dies with what it has taken leaves it to the others after a while, and not before', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('s', every(60_000));
    harness.clock.advance(60_000);
    await scripts.dueSchedules.run(harness.redis, PREFIX, [harness.clock.now(), 100, 2000]);
    await harness.claims.look();
    expect(await orders()).toBe(0);
    harness.clock.advance(2000);
    await harness.claims.look();
    expect(await orders()).toBe(1);
    await scripts.takeOccurrences.run(harness.redis, PREFIX, [harness.clock.now(), 100, 5000]);
    await harness.occurrences.look();
    expect(await harness.fired('s')).toEqual([]);
    harness.clock.advance(5000);
    await harness.occurrences.look();
    expect(await harness.fired('s')).toHaveLength(1);
  });

  it('one that is slow counts nothing twice, and what is to be seen to again waits as long as it was told', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('s', every(60_000));
    harness.clock.advance(60_000);
    await harness.claims.look();
    const [id = ''] = await harness.redis.zrange('{tr}:occurrences', '0', '0');
    const settle = (what: string) =>
      scripts.settleOccurrence.run(harness.redis, PREFIX, [
        harness.clock.now(),
        'client-a.s',
        id,
        what,
        1000,
      ]);
    await settle('again');
    expect(await harness.redis.zscore('{tr}:occurrences', id)).toBe(String(harness.clock.now() + 1000));
    for (const what of ['fired', 'fired', 'full', 'again']) await settle(what);
    expect((await harness.find('s')).tally).toMatchObject({ fired: 1, skipped: 0 });
    expect([await orders(), await waiting()]).toEqual([0, {}]);
  });
});

describe('overlap', () => {
  it('minds what is no task yet', async () => {
    await begin('2026-06-01T09:00');
    for (const overlap of ['skip', 'queue', 'allow'] as const) {
      await harness.schedule(overlap, every(60_000), { overlap });
    }
    for (let n = 0; n < 2; n++) {
      harness.clock.advance(60_000);
      await harness.claims.look();
    }
    expect(await waiting()).toEqual({
      ...{ 'client-a': '4', 'client-a.skip': '1', 'client-a.queue': '1', 'client-a.allow': '2' },
    });
    expect((await harness.find('skip')).tally).toMatchObject({ skipped: 1, lastSkip: { reason: 'overlap' } });
  });

  it('minds every occurrence that runs, also behind one by hand that has ended', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('s', every(60_000), { overlap: 'skip' });
    harness.clock.advance(60_000);
    await look();
    const now = harness.clock.now();
    const run = { id: 'client-a.s@run-y', at: now };
    await harness.store.claim(await harness.find('s'), {
      progress: {},
      occurrences: [run],
      missed: 0,
      isByHand: true,
    });
    await harness.occurrences.look();
    await harness.redis.hset('{tr}:default:client-a.s@run-y', 'end', 'completed');
    harness.clock.advance(60_000);
    await look();
    expect((await harness.find('s')).tally).toMatchObject({
      fired: 2,
      skipped: 1,
      lastSkip: { reason: 'overlap' },
    });
    await harness.redis.hset(`{tr}:default:client-a.s@20260601T090100000Z`, 'end', 'completed');
    harness.clock.advance(60_000);
    await look();
    expect((await harness.find('s')).tally).toMatchObject({ fired: 3, skipped: 1 });
  });
});

describe('a schedule that cannot be seen to', () => {
  it('keeps nobody else from firing', async () => {
    await begin('2026-06-01T09:00');
    await harness.schedule('a', every(60_000));
    await harness.schedule('b', every(60_000));
    await harness.schedule('c', every(60_000));
    const { stored } = await harness.find('b');
    // As one that was made where more zones are known.
    const timing = { kind: 'cron', cron: '* * * * *', timezone: 'Mars/Olympus' };
    const broken = JSON.stringify({ ...(JSON.parse(stored.definition) as object), timing });
    await harness.redis.hset('{tr}:schedules', 'client-a.b', broken);
    harness.clock.advance(60_000);
    await look();
    expect([(await harness.fired('a')).length, (await harness.fired('c')).length]).toEqual([1, 1]);
    harness.clock.advance(60_000);
    await look();
    expect([(await harness.fired('a')).length, (await harness.fired('c')).length]).toEqual([2, 2]);
  });

  it('as an occurrence neither', async () => {
    await begin('2026-06-01T09:00');
    for (const id of ['a', 'b', 'c']) await harness.schedule(id, every(60_000));
    harness.clock.advance(60_000);
    await harness.claims.look();
    const { stored } = await harness.find('b');
    const broken = JSON.stringify({ ...(JSON.parse(stored.definition) as object), request: '{"task":' });
    await harness.redis.hset('{tr}:schedules', 'client-a.b', broken);
    await harness.occurrences.look();
    expect([(await harness.fired('a')).length, (await harness.fired('c')).length]).toEqual([1, 1]);
  });
});
