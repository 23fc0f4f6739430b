import { urlOf } from '../../test/support/task-of.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { answers, type Call, REFUSES, type Target, VirtualFleet } from '../../test/support/virtual-fleet.js';

// Hosts that are away for an hour, by a clock of the test and on the real scripts.

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const TIMEOUT = 30 * SECOND;
const PROBES = 3;
const RAMP_STEP = 10;
const DOWN = 'http://down.example';
const WELL = 'http://well.example';

let harness: QueueHarness;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start({}, clock);
});
afterEach(async () => {
  await harness.stop();
});

const callTo = (origin: string) => ({ url: `${origin}/hook`, method: 'POST', headers: [] }) as const;
const stateOf = async (id: string) => (await harness.reader.find(id))!;

async function statesOf(tasks: readonly { id: string }[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { id } of tasks) {
    const { state } = await stateOf(id);
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** How many calls began in each window of probes, or second of a ramp. */
function countBy(calls: readonly Call[], key: (call: Call) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const call of calls) counts.set(key(call), (counts.get(key(call)) ?? 0) + 1);
  return counts;
}

it('one task to a host that always answers 500 is delivered six times, at last as a probe', async () => {
  const fleet = new VirtualFleet(harness, clock, () => ({ outcome: answers(500), takesMs: 20 }), {
    workers: 1,
    concurrency: 10,
  });
  const [task] = await harness.add(1, { target: callTo(DOWN) });
  await fleet.pass(HOUR);
  expect(fleet.calls.map(({ attempt, isProbe }) => [attempt, isProbe])).toEqual([
    ...[1, 2, 3, 4, 5].map((attempt) => [attempt, false]),
    [6, true],
  ]);
  const { state, deadLetterReason, attempts } = await stateOf(task!.id);
  expect([state, deadLetterReason]).toEqual(['dead_letter', 'attempts_exhausted']);
  expect(attempts.map(({ isProbe }) => isProbe ?? false)).toEqual([false, false, false, false, false, true]);
  expect(fleet.calls[5]!.at - fleet.calls[4]!.at).toBe(TIMEOUT + 20);
});

it('ten tasks to a host that refuses connections for an hour: none is dead, and no probe has cost an attempt', async () => {
  const fleet = new VirtualFleet(harness, clock, () => ({ outcome: REFUSES, takesMs: 1 }), {
    workers: 1,
    concurrency: 10,
  });
  const tasks = await harness.add(10, { target: callTo(DOWN) });
  await fleet.pass(HOUR);
  expect(await statesOf(tasks)).toEqual({ deferred: 10 });
  const found = await Promise.all(tasks.map(({ id }) => stateOf(id)));
  expect(new Set(found.map(({ attemptsMade }) => attemptsMade))).toEqual(new Set([1]));
  const probes = fleet.calls.filter(({ isProbe }) => isProbe);
  expect(probes.length).toBeGreaterThan(100);
  expect(new Set(probes.map(({ attempt }) => attempt))).toEqual(new Set([2]));
  // Everybody has been a probe about as often.
  const turns = tasks.map(({ id }) => probes.filter(({ taskId }) => taskId === id).length);
  expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(2);
});

it('what its host holds for too long becomes a dead letter that says so, also what was a probe meanwhile', async () => {
  const environment = { MAX_TASK_AGE_SEC: '3600' };
  await harness.stop();
  harness = await QueueHarness.start(environment, clock);
  const size = { workers: 2, concurrency: 10, environment };
  const fleet = new VirtualFleet(harness, clock, () => ({ outcome: REFUSES, takesMs: 1 }), size);
  const tasks = await harness.add(10, { target: callTo(DOWN) });
  await fleet.pass(HOUR);
  // They were tried once, and due again a second later.
  expect(await statesOf(tasks)).toEqual({ deferred: 10 });
  const probes = fleet.calls.filter(({ isProbe }) => isProbe).map(({ taskId }) => taskId);
  expect(new Set(probes)).toEqual(new Set(tasks.map(({ id }) => id)));
  await fleet.pass(2 * SECOND);
  const found = await Promise.all(tasks.map(({ id }) => stateOf(id)));
  expect(new Set(found.map(({ deadLetterReason }) => deadLetterReason))).toEqual(
    new Set(['host_unavailable']),
  );
  expect(await harness.redis.exists(`{tr}:park:h:${DOWN}`)).toBe(0);
});

it('a poisoned task, which gets no answer from a host that is well, does not keep its circuit open', async () => {
  const isPoisoned = (id: string) => id === 'task-1' || id === 'task-2';
  const fleet = new VirtualFleet(
    harness,
    clock,
    ({ task }, now) => {
      const isAway = now < Date.UTC(2030, 0, 1) + 60 * SECOND;
      return { outcome: isAway || isPoisoned(task.id) ? REFUSES : answers(200), takesMs: 10 };
    },
    { workers: 1, concurrency: 10 },
  );
  const tasks = await harness.add(30, { target: callTo(DOWN), maxRetries: 2 });
  await fleet.pass(10 * 60 * SECOND);
  const well = tasks.filter(({ id }) => !isPoisoned(id));
  expect(await statesOf(well)).toEqual({ completed: 28 });
});

it('those that were tried least go first as probes, whatever their lane', async () => {
  const isAway = () => clock.now() < Date.UTC(2030, 0, 1) + 20 * SECOND;
  const target: Target = () => ({ outcome: isAway() ? answers(500) : answers(200), takesMs: 10 });
  const fleet = new VirtualFleet(harness, clock, target, { workers: 1, concurrency: 2 });
  const urgent = await harness.add(5, { target: callTo(DOWN), lane: 'critical' });
  await fleet.pass(SECOND);
  const low = await harness.add(6, { target: callTo(DOWN), lane: 'low' });
  const laneOf = ({ taskId }: Call) => (low.some(({ id }) => id === taskId) ? 'low' : 'critical');
  const before = fleet.calls.length;
  await fleet.pass(60 * SECOND);
  const probes = fleet.calls.slice(before).filter(({ isProbe }) => isProbe);
  expect(probes.map(laneOf)).toEqual(['low', 'low', 'low']);
  expect(await statesOf([...urgent, ...low])).toEqual({ completed: 11 });
});

describe('a thousand tasks to a host that is away for an hour, and three workers', () => {
  const away: Target = ({ task }, now) => {
    const isAway = urlOf(task).startsWith(DOWN) && now < START + HOUR;
    return { outcome: isAway ? REFUSES : answers(200), takesMs: 50 };
  };
  const START = Date.UTC(2030, 0, 1);

  it('none is lost or dead, the host is hardly asked, and then gets each once, step by step', async () => {
    const fleet = new VirtualFleet(harness, clock, away, { workers: 3, concurrency: 20 });
    const tasks = await harness.add(1000, { target: callTo(DOWN) });
    await fleet.pass(HOUR - 1);
    const opened = fleet.changes.find(({ to }) => to === 'open')!;
    const probes = fleet.calls.filter(({ isProbe }) => isProbe);
    const others = fleet.calls.filter(({ isProbe }) => !isProbe);
    // What began before anybody could know.
    expect(others.length).toBeLessThanOrEqual(3 * 20);
    for (const { at } of others) expect(at).toBeLessThanOrEqual(opened.at);
    const windows = fleet.changes.filter(({ to }) => to === 'half_open');
    expect(windows.length).toBeGreaterThan(100);
    expect(windows.length).toBeLessThanOrEqual(HOUR / TIMEOUT);
    expect(probes.length).toBeLessThanOrEqual(PROBES * windows.length);
    for (const [, count] of countBy(probes, windowOf(windows.map(({ at }) => at)))) {
      expect(count).toBeLessThanOrEqual(PROBES);
    }
    const workers = new Set(probes.map(({ worker }) => worker));
    expect(workers.size).toBeGreaterThan(1);
    expect(await statesOf(tasks)).toEqual({ deferred: 1000 });

    await fleet.pass(10 * 60 * SECOND);
    expect(await statesOf(tasks)).toEqual({ completed: 1000 });
    const delivered = fleet.calls.filter((call) => call.class === 'succeeded');
    expect(delivered).toHaveLength(1000);
    expect(new Set(delivered.map(({ taskId }) => taskId)).size).toBe(1000);
    const closed = fleet.changes.find(({ to }) => to === 'closed')!;
    const ramp = delivered.filter(({ at, isProbe }) => at >= closed.at && !isProbe);
    const perSecond = countBy(ramp, ({ at }) => Math.floor((at - closed.at) / SECOND));
    for (const [second, count] of perSecond) expect(count).toBeLessThanOrEqual(RAMP_STEP * 2 ** second);
    expect(perSecond.get(0)).toBe(RAMP_STEP);
    expect(fleet.changes.map(({ to }) => to).filter((to) => to === 'closed')).toHaveLength(1);
    // Nothing is left over of it.
    await fleet.pass(HOUR);
    for (const key of [
      'circuits',
      'held',
      'running',
      'window',
      'circuits:open',
      'circuits:look',
      'park:h:' + DOWN,
    ])
      expect(await harness.redis.exists(`{tr}:${key}`), key).toBe(0);
  });

  it('another host in the same lane does not notice', async () => {
    const fleet = new VirtualFleet(harness, clock, away, { workers: 3, concurrency: 20 });
    const waits = async (withOutage: boolean) => {
      await harness.redis.flushdb();
      const from = fleet.calls.length;
      if (withOutage) await harness.add(1000, { target: callTo(DOWN) });
      const added = new Map<string, number>();
      for (let n = 0; n < 300; n++) {
        const [task] = await harness.add(1, { target: callTo(WELL), clientId: 'client-b' });
        added.set(task!.id, clock.now());
        await fleet.pass(SECOND);
      }
      const mine = fleet.calls.slice(from).filter(({ host }) => host === WELL);
      expect(mine).toHaveLength(300);
      return mine.map(({ taskId, at }) => at - added.get(taskId)!);
    };
    const alone = await waits(false);
    const beside = await waits(true);
    // Only while all slots try the host that is away for the first time does anybody wait for one.
    expect(beside.slice(1)).toEqual(alone.slice(1));
    expect(beside[0]).toBeLessThanOrEqual(50 * 2);
  });
});

/** The window of probes in which a call began. */
function windowOf(starts: readonly number[]): (call: Call) => number {
  return ({ at }) => starts.findLastIndex((start) => start <= at);
}
