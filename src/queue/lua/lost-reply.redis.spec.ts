import { isAccepted, receiptOf } from '../admission/admission.js';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Proxy } from '../../../test/support/proxy.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { taskOf } from '../../../test/support/task-of.js';
import { redisUrl } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { HostChanges } from '../gates/host-changes.js';
import { CircuitSweep } from '../worker/circuit-sweep.js';
import { LANES } from '../../task/lane.js';
import { attemptOf } from '../../../test/support/attempt-of.js';
import { newsOf } from '../task-news.js';
import type { SettledTask } from '../worker/settled-task.js';
import { type FetchedTask, step } from '../worker/step.js';

const HOUR = 3_600_000;

// Redis carries a script out, and the connection breaks before its reply arrives.

let harness: QueueHarness;
let proxy: Proxy;
beforeEach(async () => {
  harness = await QueueHarness.start();
  proxy = await Proxy.to(redisUrl());
});
afterEach(async () => {
  await harness.stop();
  await proxy.stop();
});

describe('the lost reply of a turn', () => {
  it('orphans no task and runs none twice, whatever was fetched and settled in it', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 5 });
    const runs: string[] = [];
    const running: (() => void)[] = [];
    const work = async ({ task }: { task: { id: string } }) => {
      runs.push(task.id);
      await new Promise<void>((resolve) => running.push(resolve));
      return { kind: 'complete' } as const;
    };
    harness.worker(4, work, proxy.url);
    const ids: string[] = [];
    for (let round = 1; round <= 5; round++) {
      const fetching = proxy.loseReplyTo('weighted');
      ids.push(...(await harness.add(6)).map(({ id }) => id));
      await fetching;
      await until(() => running.length === 4);
      const settling = proxy.loseReplyTo('weighted');
      for (const finish of running.splice(0)) finish();
      await settling;
      await until(() => running.length === 2);
      for (const finish of running.splice(0)) finish();
      const completed = () => harness.redis.zcard('{tr}:default:completed');
      await until(async () => (await completed()) === ids.length);
    }
    expect(runs.toSorted()).toEqual(ids.toSorted());
    expect(await harness.redis.llen('{tr}:default:active')).toBe(0);
    for (const book of ['held', 'running', 'window']) {
      expect(await harness.redis.hgetall(`{tr}:${book}`)).toEqual({});
    }
  });
});

describe('the repeat of a turn whose reply was lost', () => {
  const settings = {
    ...({ token: 'one', lockMs: 30_000, mode: 'weighted', maxAgeMs: HOUR } as const),
    ...{ completedForMs: HOUR, deadForMs: HOUR, breaker: '0;60000;30000;300000;3;10' },
  } as const;
  const turn = (id: string, settled: readonly SettledTask[] = []) =>
    step(
      harness.redis,
      settings,
      { id, capacity: 5 - settled.length, settled, laneTimes: [0, 0, 0, 0], laneCharges: [1, 1, 1, 1] },
      '',
    );
  const settlementOf = ({ task, ...held }: FetchedTask): SettledTask => {
    const attempt = attemptOf({ kind: 'retry', delayMs: HOUR }, Date.now(), Date.now(), 1);
    return { ...held, id: task.id, kind: 'retry', delayMs: HOUR, attempt, attemptsMade: 1 };
  };

  it('tells of what has ended, of what ended otherwise than was settled, and of what was lost', async () => {
    const tasks = await harness.add(3);
    const { fetched } = await turn('first');
    expect(fetched.map(({ task }) => task.id)).toEqual(tasks.map(({ id }) => id));
    const [lost, cancelled, retried] = tasks.map(({ id }) => id) as [string, string, string];
    await harness.redis.del(`{tr}:default:${lost}:lock`);
    await harness.queue.cancel(cancelled);
    const [late] = await harness.add(1, { expiresAt: Date.now() + 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const settled = fetched.map(settlementOf);
    const reply = await turn('second', settled);
    expect(reply.lost).toEqual([lost]);
    expect(reply.ended.map(({ id, ending }) => [id, ending])).toEqual([
      [cancelled, 'cancelled'],
      [late!.id, 'expired'],
    ]);
    const again = await turn('second', settled);
    expect([again.lost, again.ended]).toEqual([reply.lost, reply.ended]);
    const ours = settled.filter(({ id }) => id !== lost);
    const news = newsOf(ours, again.ended).map((item) =>
      item.kind === 'settled' ? [item.settled.id, item.settled.kind] : [item.kind],
    );
    expect(news).toEqual([[cancelled, 'cancelled'], [retried, 'retry'], ['ended']]);
  });
});

describe('the lost reply of adding', () => {
  it('adds nothing twice, and everybody hears what became of his', async () => {
    const queue = await harness.queueAt(proxy.url);
    const chosenOrRandom = (n: number) => (n % 2 === 0 ? {} : { id: randomUUID() });
    const tasks = LANES.flatMap((lane) =>
      Array.from({ length: 50 }, (_, n) => taskOf(Date.now(), { lane, ...chosenOrRandom(n) })),
    );
    const lost = proxy.loseReplyTo(tasks[0]!.id);
    const results = await Promise.all(tasks.map((task) => queue.add(task)));
    await lost;
    expect(results.map((result) => isAccepted(result) && result.receipt)).toEqual(tasks.map(receiptOf));
    expect(await harness.redis.llen('{tr}:low:wait')).toBe(50);
    const runs: string[] = [];
    harness.worker(50, ({ task }) => {
      runs.push(task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    await until(() => runs.length === tasks.length);
    expect(runs.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  });
});

describe('the lost reply of a sweep', () => {
  const BREAKER = '5;1;1;0;3;10';

  it('loses nothing of what has changed, and sweeps do not pile up', async () => {
    const host = 'http://target.example';
    const told: string[] = [];
    const changes = new HostChanges();
    changes.subscribe(({ host, to }) => told.push(`${host} ${to}`));
    const redis = new Redis(proxy.url, { maxRetriesPerRequest: null });
    const sweep = new CircuitSweep(redis, harness.clock, BREAKER, changes);
    // Redis has to know the script: a reply that says otherwise may well be lost.
    await new CircuitSweep(harness.redis, harness.clock, BREAKER, new HostChanges()).sweep();
    await harness.circuits.open(host, { until: Date.now(), by: '-', note: '' });
    await harness.redis.zadd('{tr}:circuits:look', 0, host);
    const lost = proxy.loseReplyTo(BREAKER);
    const sweeping = sweep.sweep();
    expect(sweep.sweep()).toBe(sweeping);
    await lost;
    await sweeping;
    expect(told).toEqual([`${host} closed`]);
    expect(sweep.sweep()).not.toBe(sweeping);
    await redis.quit();
  });
});
