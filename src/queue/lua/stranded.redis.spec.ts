import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Settlement } from '../../task/settlement.js';
import type { AbortHandle } from '../abort-handle.js';
import { Housekeeping } from '../worker/housekeeping.js';
import { RedisClock } from '../queue-clock.js';

// Tasks that nothing keeps from running, and that did not run all the same.

const COMPLETE: Settlement = { kind: 'complete' };

let harness: QueueHarness;
let ran: string[];
beforeEach(async () => {
  harness = await QueueHarness.start();
  ran = [];
});
afterEach(async () => {
  await harness.stop();
});

const work = ({ task }: { task: { id: string } }): Promise<Settlement> => {
  ran.push(task.id);
  return Promise.resolve(COMPLETE);
};
/** Ends only when it is told to. */
const hold = (_claimed: unknown, abort: AbortHandle): Promise<Settlement> =>
  new Promise((resolve) => {
    abort.onAbort(() => {
      resolve({ kind: 'hand_back' });
    });
  });
const runs = (count: number) => until(() => ran.length === count, { timeoutMs: 20_000 });

describe('tasks behind a gate', () => {
  // Opening let in 300 of them, and nothing looked at the rest before their backstop, an hour later.
  it('all run when it opens, however many they are', async () => {
    await harness.gates.set('q:reports', { isShut: true });
    await harness.add(1000, { queue: 'reports' });
    harness.worker(10, work);
    await harness.gates.set('q:reports', {});
    await runs(1000);
  });

  // A hundred of them moved on to the paused queue's gate, and the others were forgotten.
  it('run when those before them move on to another gate that is shut', async () => {
    await harness.gates.set('c:client-a', { isShut: true });
    await harness.add(450, { queue: 'paused' });
    await harness.add(20, { queue: 'open' });
    await harness.gates.set('q:paused', { isShut: true });
    harness.worker(10, work);
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    await runs(20);
  });
});

describe('a rate that is changed', () => {
  it.each([
    { before: { perSecond: 0.001, burst: 1 }, after: { perSecond: 1000, burst: 1 } },
    { before: { perSecond: 0.1, burst: 20 }, after: { perSecond: 1000, burst: 1 } },
  ])('holds nobody for what the old one let through: $before.perSecond', async ({ before, after }) => {
    await harness.gates.set('q:reports', before);
    await harness.add(before.burst + 3, { queue: 'reports' });
    harness.worker(30, work);
    await runs(before.burst);
    await harness.gates.set('q:reports', after);
    await runs(before.burst + 3);
  });
});

describe('a task whose worker was lost', () => {
  async function lostTask(): Promise<string> {
    harness.worker(1, hold);
    const [task] = await harness.add(1);
    await until(async () => (await harness.reader.find(task!.id))?.state === 'running');
    await harness.redis.del(`{tr}:default:${task!.id}:lock`);
    await new Housekeeping(harness.redis, 30_000, new RedisClock()).recover();
    return task!.id;
  }

  it('is held by a gate that was shut meanwhile', async () => {
    const id = await lostTask();
    await harness.gates.set('c:client-a', { isShut: true });
    harness.worker(1, work);
    await until(async () => (await harness.reader.find(id))?.state === 'deferred');
    expect(await harness.held()).toEqual({});
    await harness.gates.set('c:client-a', {});
    await runs(1);
  });

  it('counts for a cap that was set meanwhile', async () => {
    const id = await lostTask();
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    let most = 0;
    let running = 0;
    await harness.add(5);
    harness.worker(5, async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return COMPLETE;
    });
    await until(async () => (await harness.reader.find(id))?.state === 'completed');
    await until(async () => Object.keys(await harness.held()).length === 0);
    expect(most).toBe(1);
  });
});

it('of thousands of lost tasks every one is found at the first look', async () => {
  const members = Array.from({ length: 3500 }, (_, at) => `lost-${at}`);
  for (const id of members) {
    await harness.redis.hset(`{tr}:default:${id}`, { data: '{}', gates: 'q:default\nc:client-a' });
  }
  await harness.redis.lpush('{tr}:default:active', ...members);
  const recovered = await new Housekeeping(harness.redis, 30_000, new RedisClock()).recover();
  expect(recovered.toSorted()).toEqual(members.toSorted());
});

// A turn looked for others to let in, again and again, and Redis could not even be told to end it.
it('a turn ends when a lane is paused by a tool of BullMQ and a client is at its share of the fleet', async () => {
  harness.worker(2, hold);
  await until(async () => (await harness.redis.get('{tr}:slots')) === '2');
  await harness.add(1, { clientId: 'greedy' });
  await harness.redis.hset('{tr}:low:meta', 'paused', 1);
  await harness.add(1, { clientId: 'modest', lane: 'low', queue: 'low' });
  const [held] = await harness.add(1, { clientId: 'greedy' });
  await harness.redis.zadd('{tr}:critical:marker', 0, '0');
  await until(async () => (await harness.redis.zcard('{tr}:critical:marker')) === 0);
  expect((await harness.reader.find(held!.id))?.state).toBe('deferred');
});

// Only the worker that had settled it knew when it was due: the others slept for up to five seconds.
it('a retry that comes due while its worker is full is offered to the others', async () => {
  const failOnce: Settlement = { kind: 'retry', delayMs: 300 };
  let tries = 0;
  harness.worker(1, (claimed, abort) => (++tries === 1 ? Promise.resolve(failOnce) : hold(claimed, abort)));
  const [task] = await harness.add(1);
  await until(async () => (await harness.reader.find(task!.id))?.state === 'retrying');
  await harness.add(1);
  await until(async () => (await harness.redis.llen('{tr}:default:active')) === 1);
  await until(async () => (await harness.redis.zcard('{tr}:critical:marker')) === 1);
  harness.worker(1, work);
  await runs(1);
  expect(ran).toEqual([task!.id]);
});
