import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { RedisNode } from '../../test/support/redis-node.js';
import { urlOf } from '../../test/support/task-of.js';
import { answers, REFUSES, VirtualFleet } from '../../test/support/virtual-fleet.js';
import type { Outcome } from '../task/outcome.js';

const HOSTS = 10_000;
const FEW = 10;
const TASKS = 10_000;
const AT_ONCE = 500;
/** Hosts that are remembered, as in lua/include/circuits.lua. */
const MOST = 100_000;

let node: RedisNode;
let harness: QueueHarness;
const clock = new ManualClock();
beforeAll(async () => {
  // Its own: what others do at the same time would count.
  node = await RedisNode.start(['save ""']);
  harness = await QueueHarness.start({ REDIS_URL: node.url }, clock);
});
afterAll(async () => {
  await harness.stop();
  await node.remove();
});

const hostOf = (nth: number) => `http://host-${nth}.example`;

/** Every task succeeds; of those hosts every nth call fails. */
async function deliver(hosts: number, fails: (nth: number) => boolean = () => false): Promise<VirtualFleet> {
  const outcomes = new Map<string, Outcome>();
  const fleet = new VirtualFleet(
    harness,
    clock,
    ({ task }) => ({ outcome: outcomes.get(task.id) ?? answers(200), takesMs: 1 }),
    { workers: 1, concurrency: 128 },
  );
  for (let from = 0; from < TASKS; from += AT_ONCE) {
    const tasks = Array.from({ length: AT_ONCE }, (_, at) => {
      const nth = (from + at) % hosts;
      const task = harness.task({
        target: { url: `${hostOf(nth)}/`, method: 'POST', headers: [] },
        maxRetries: 0,
      });
      if (fails(nth)) outcomes.set(task.id, REFUSES);
      return task;
    });
    await Promise.all(tasks.map((task) => harness.queue.add(task)));
    await fleet.pass(10);
  }
  return fleet;
}

/** CPU of Redis, in microseconds. */
async function cpu(): Promise<number> {
  const info = await harness.redis.info('cpu');
  const [user, system] = ['user', 'sys'].map((kind) =>
    Number(new RegExp(`used_cpu_${kind}:(.*)`).exec(info)?.[1]),
  );
  return (user! + system!) * 1e6;
}

async function costPerTask(work: () => Promise<unknown>): Promise<number> {
  const before = await cpu();
  await work();
  return ((await cpu()) - before) / TASKS;
}

describe('with ten thousand hosts', () => {
  it('a task costs about as much as with ten, whether there is something against them or not', async () => {
    await deliver(FEW);
    const few = await costPerTask(() => deliver(FEW));
    const many = await costPerTask(() => deliver(HOSTS));
    // Each has failed once lately, and there is something to look up for each.
    await deliver(HOSTS, () => true);
    expect(await harness.redis.hlen('{tr}:circuits')).toBe(HOSTS);
    const afterFailures = await costPerTask(() => deliver(HOSTS));
    expect(await harness.redis.hlen('{tr}:circuits')).toBe(0);
    await deliver(HOSTS, () => true);
    const fewAmongMany = await costPerTask(() => deliver(FEW));
    process.stdout.write(
      `many-hosts: Redis µs per task, added, fetched and settled: ${FEW} hosts ${few.toFixed(1)}, ${HOSTS} hosts ${many.toFixed(1)}, ` +
        `${HOSTS} hosts that have failed once ${afterFailures.toFixed(1)}, ${FEW} hosts among these ${fewAmongMany.toFixed(1)}\n`,
    );
    for (const cost of [many, afterFailures, fewAmongMany]) expect(cost).toBeLessThan(3 * few);
  }, 120_000);

  it('those that nobody asks for any more are forgotten', async () => {
    await deliver(HOSTS, () => true);
    expect(await harness.redis.hlen('{tr}:circuits')).toBe(HOSTS);
    const fleet = new VirtualFleet(harness, clock, () => ({ outcome: REFUSES, takesMs: 1 }), {
      workers: 1,
      concurrency: 128,
    });
    await fleet.pass(70_000);
    const keys = await harness.redis.keys('{tr}:*circuits*');
    expect(keys).toEqual([]);
  }, 120_000);

  it('and ten times as many: no more are remembered, whatever they answer, and the log says so', async () => {
    const logged = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const fleet = new VirtualFleet(
      harness,
      clock,
      ({ task }) => ({
        outcome: urlOf(task).includes('busy') ? answers(503, 60_000) : REFUSES,
        takesMs: 1,
      }),
      { workers: 1, concurrency: 128 },
    );
    const add = (name: string) =>
      harness.add(1, {
        target: { url: `http://${name}.example/`, method: 'POST', headers: [] },
        maxRetries: 0,
      });
    await add('first');
    await fleet.pass(10);
    const text = (await harness.redis.hget('{tr}:circuits', 'http://first.example'))!;
    const others = Array.from({ length: MOST - 2 }, (_, n) => [`http://kept-${n}.example`, text]).flat();
    for (let at = 0; at < others.length; at += 10_000)
      await harness.redis.hset('{tr}:circuits', ...others.slice(at, at + 10_000));
    await add('last');
    await fleet.pass(10);
    expect(await harness.circuits.count()).toEqual({ notClosed: 0, remembered: MOST });
    expect(logged).toHaveBeenCalledTimes(1);
    for (const name of ['further', 'busy']) await add(name);
    await fleet.pass(50_000);
    expect(await harness.circuits.count()).toEqual({ notClosed: 0, remembered: MOST });
    expect(logged).toHaveBeenCalledTimes(1);
    await fleet.pass(10_100);
    expect(logged.mock.calls.length).toBeLessThanOrEqual(2);
    await harness.circuits.open('http://by-hand.example', { until: Infinity, by: '-', note: '' });
    expect((await harness.circuits.count()).notClosed).toBe(1);
    await harness.circuits.reset('http://by-hand.example');
    await harness.redis.del('{tr}:circuits', '{tr}:circuits:look');
    logged.mockRestore();
  }, 120_000);

  it('none of which answers, all that can be tried are, and the next task is not held up', async () => {
    const hosts = 1000;
    const fleet = new VirtualFleet(
      harness,
      clock,
      ({ task }) => ({ outcome: urlOf(task).includes('well') ? answers(200) : REFUSES, takesMs: 1 }),
      { workers: 1, concurrency: 128 },
    );
    for (let n = 0; n < hosts; n++) {
      const target = { url: `${hostOf(n)}/`, method: 'POST', headers: [] } as const;
      await harness.add(6, { target });
      if (n % 20 === 0) await fleet.pass(5);
    }
    await fleet.pass(60_000);
    expect((await harness.circuits.count()).notClosed).toBe(hosts);
    const well = { url: 'http://well.example/', method: 'POST', headers: [] } as const;
    const [task] = await harness.add(1, { target: well });
    const since = clock.now();
    await fleet.pass(10);
    const call = fleet.calls.find(({ taskId }) => taskId === task!.id);
    expect(call?.at).toBe(since);
  }, 120_000);
});
