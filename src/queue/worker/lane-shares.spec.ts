import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lane, LANES } from '../../task/lane.js';
import { type LaneNumbers, type LaneRun, LaneShares } from './lane-shares.js';

const WEIGHTS: LaneNumbers = { critical: 6, high: 4, default: 3, low: 1 };

interface Load {
  readonly slots: number;
  /** How long a task of each lane takes; a lane that is not named has no work. */
  readonly takes: Partial<Record<Lane, number>>;
  readonly until: number;
}

/** Runs lanes that never run out of work on some slots, in virtual time. @returns slot time and starts by lane */
function simulate({ slots, takes, until }: Load, weights = WEIGHTS) {
  let now = 0;
  const shares = new LaneShares(weights, () => now);
  const lanes = LANES.filter((lane) => takes[lane] !== undefined);
  const waiting = LANES.map((lane) => (lanes.includes(lane) ? 1 : 0));
  const time: Partial<Record<Lane, number>> = {};
  const starts: Partial<Record<Lane, number>> = {};
  const running: { run: LaneRun; endsAt: number }[] = [];
  while (now < until) {
    while (running.length < slots) {
      const lane = lanes.reduce((best, other) => (at(shares, other) < at(shares, best) ? other : best));
      const took = takes[lane]!;
      running.push({ run: shares.started(lane, waiting), endsAt: now + took });
      starts[lane] = (starts[lane] ?? 0) + 1;
      shares.settleIdle(waiting);
    }
    running.sort((one, other) => one.endsAt - other.endsAt);
    const done = running.shift()!;
    now = done.endsAt;
    const { lane, since } = done.run;
    time[lane] = (time[lane] ?? 0) + now - since;
    shares.ended(done.run);
  }
  return { time: portions(time), starts: portions(starts) };
}

const at = (shares: LaneShares, lane: Lane) => shares.times[LANES.indexOf(lane)]!;

function portions(numbers: Partial<Record<Lane, number>>): Partial<Record<Lane, number>> {
  const sum = Object.values(numbers).reduce((total, each) => total + each, 0);
  return Object.fromEntries(Object.entries(numbers).map(([lane, each]) => [lane, each / sum]));
}

describe('lane shares', () => {
  it.each([1, 3, 10, 30])('with %d slots and tasks that take the same are 6:4:3:1', (slots) => {
    const { starts } = simulate({
      slots,
      takes: { critical: 10, high: 10, default: 10, low: 10 },
      until: 50_000,
    });
    expect(starts.critical).toBeCloseTo(6 / 14, 1.7);
    expect(starts.high).toBeCloseTo(4 / 14, 1.7);
    expect(starts.default).toBeCloseTo(3 / 14, 1.7);
    expect(starts.low).toBeCloseTo(1 / 14, 1.7);
  });

  it.each([1, 3, 10, 30])('with %d slots are slot time, also with one lane twenty times slower', (slots) => {
    const { time } = simulate({ slots, takes: { critical: 10, default: 10, low: 200 }, until: 400_000 });
    expect(time.critical).toBeCloseTo(0.6, 1.3);
    expect(time.default).toBeCloseTo(0.3, 1.3);
    expect(time.low).toBeCloseTo(0.1, 1.3);
  });

  it('are all of the pool for a lane that is alone', () => {
    expect(simulate({ slots: 3, takes: { low: 10 }, until: 1000 }).time).toEqual({ low: 1 });
  });

  it('follow the weights, whatever they are, and starve no lane', () => {
    const weight = fc.integer({ min: 1, max: 20 });
    const weights = fc.record({ critical: weight, high: weight, default: weight, low: weight });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 12 }), (given, slots) => {
        const takes = { critical: 10, high: 10, default: 10, low: 10 };
        const { time } = simulate({ slots, takes, until: 30_000 }, given);
        const sum = LANES.reduce((total, lane) => total + given[lane], 0);
        for (const lane of LANES) expect(Math.abs((time[lane] ?? 0) - given[lane] / sum)).toBeLessThan(0.03);
      }),
      { numRuns: 30 },
    );
  });

  it('give a lane no credit for the time it had no work', () => {
    let now = 0;
    const shares = new LaneShares(WEIGHTS, () => now);
    const run = (lane: Lane, waiting: number[]) => {
      const started = shares.started(lane, waiting);
      now += 10;
      shares.ended(started);
      shares.settleIdle(waiting);
    };
    // Only `low` works for a long time, then `critical` comes: it is not owed what it did not ask for.
    for (let n = 0; n < 1000; n++) run('low', [0, 0, 0, 1]);
    const picked: Lane[] = [];
    for (let n = 0; n < 14; n++) {
      const lane = at(shares, 'critical') <= at(shares, 'low') ? 'critical' : 'low';
      picked.push(lane);
      run(lane, [1, 0, 0, 1]);
    }
    expect(picked.filter((lane) => lane === 'low')).toHaveLength(2);
  });

  // A lane that had all slots while nobody else wanted them waited for minutes afterwards, critical included.
  it.each(LANES)('do not make %s pay for slots that nobody else wanted', (lane) => {
    let now = 0;
    const shares = new LaneShares(WEIGHTS, () => now);
    const alone = Array.from({ length: 10 }, () => shares.started(lane, [0, 0, 0, 0]));
    now += 60_000;
    for (const run of alone) shares.ended(run);
    shares.settleIdle([1, 1, 1, 1]);
    const picked: Lane[] = [];
    for (let n = 0; n < 28; n++) {
      const next = LANES.toSorted((one, other) => at(shares, one) - at(shares, other))[0]!;
      picked.push(next);
      const run = shares.started(next, [1, 1, 1, 1]);
      now += 10;
      shares.ended(run);
      shares.settleIdle([1, 1, 1, 1]);
    }
    expect(picked).toContain(lane);
  });

  it('charge for tasks that take long while they run, so that they do not fill the pool before the first ends', () => {
    let now = 0;
    const shares = new LaneShares(WEIGHTS, () => now);
    const running: { run: LaneRun; endsAt: number }[] = [];
    let most = 0;
    while (now < 60_000) {
      while (running.length < 10) {
        const lane = at(shares, 'low') < at(shares, 'critical') ? 'low' : 'critical';
        running.push({ run: shares.started(lane, [1, 0, 0, 1]), endsAt: now + (lane === 'low' ? 1e9 : 10) });
        shares.settleIdle([1, 0, 0, 1]);
      }
      most = Math.max(most, running.filter(({ run }) => run.lane === 'low').length);
      running.sort((one, other) => one.endsAt - other.endsAt);
      const done = running.shift()!;
      now = done.endsAt;
      shares.ended(done.run);
    }
    // One in seven slots is its share; begun tasks cannot be halved.
    expect(most).toBeLessThanOrEqual(3);
  });
});
