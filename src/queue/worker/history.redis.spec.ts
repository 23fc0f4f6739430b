import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { redisUrl } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { KEY_TAG } from '../../redis/keys.js';
import { type Lane, LANES } from '../../task/lane.js';
import type { Settlement } from '../../task/settlement.js';
import type { Task } from '../../task/task.js';
import { Housekeeping } from './housekeeping.js';
import type { LoopWorkerPool } from './loop-worker-pool.js';

const MIB = 1024 * 1024;
/** What a task counts besides what it stores. */
const OVERHEAD = 1700;

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start({ HISTORY_MAX_BYTES: '0' });
});
afterEach(async () => {
  vi.useRealTimers();
  await harness.stop();
});

const bounded = (bytes: number, clock = harness.clock) =>
  new Housekeeping(harness.redis, 30_000, clock, { historyMaxBytes: bytes, memoryHighPercent: 100 });
const inEightDays = () => new ManualClock(Date.now() + 8 * 86_400_000);
const counted = async () => {
  const bytes = await harness.redis.hmget('{tr}:history', ...LANES);
  return bytes.reduce((sum, each) => sum + Number(each ?? 0), 0);
};
const evicted = async () => {
  const tasks = await harness.redis.hmget('{tr}:history', ...LANES.map((lane) => `evicted:${lane}`));
  return tasks.reduce((sum, each) => sum + Number(each ?? 0), 0);
};
const find = (id: string) => harness.reader.find(id);
const kept = async (tasks: readonly Task[]) => {
  const found = await Promise.all(tasks.map(({ id }) => find(id)));
  return tasks.filter((_, at) => found[at]).map(({ id }) => id);
};
const ids = (tasks: readonly Task[]) => tasks.map(({ id }) => id);

/** What is stored of the tasks that are in `completed`, as a stranger would count it. */
async function stored(): Promise<number> {
  let total = 0;
  for (const lane of LANES) {
    for (const id of await harness.redis.zrange(`{tr}:${lane}:completed`, '0', '-1')) {
      const fields = await harness.redis.hgetall(`{tr}:${lane}:${id}`);
      const texts = Object.entries(fields).filter(([name]) => name === 'data' || name.startsWith('a:'));
      total += OVERHEAD + Buffer.byteLength(texts.map(([, text]) => text).join(''));
    }
  }
  return total;
}

/** A worker that does with every task what its label `end` says. */
function worker(): LoopWorkerPool {
  return harness.worker(20, ({ task, attempt }): Promise<Settlement> => {
    if (task.metadata['end'] === 'dead') {
      return Promise.resolve({ kind: 'dead_letter', reason: 'attempts_exhausted' });
    }
    const again = task.metadata['end'] === 'third' && attempt < 3;
    return Promise.resolve(again ? { kind: 'retry', delayMs: 1 } : { kind: 'complete' });
  });
}

/** Stores tasks and waits until they have ended. */
async function end(count: number, fields: Partial<Task> = {}): Promise<Task[]> {
  const tasks = await harness.add(count, fields);
  await until(async () => {
    const found = await Promise.all(tasks.map(({ id }) => find(id)));
    return found.every((task) => task?.finishedAt !== undefined);
  });
  return tasks;
}

const inLane = (lane: Lane): Partial<Task> => ({ lane, queue: lane });

describe('the bytes of the history', () => {
  it('are those that are stored, whatever the end, lane and text, and go when the tasks go', async () => {
    worker();
    await end(5, { ...inLane('low'), metadata: { name: 'Zoë – 漢字 🙂' } });
    await end(3, { ...inLane('critical'), metadata: { end: 'third' } });
    await end(4, { expiresAt: Date.now() - 1 });
    const [cancelled] = await harness.add(1, { delayMs: 60_000 });
    await harness.queue.cancel(cancelled!.id);
    await end(7, { metadata: { end: 'dead' } });
    expect(await counted()).toBeGreaterThan(13 * OVERHEAD);
    expect(await counted()).toBe(await stored());
    await bounded(0, inEightDays()).prune();
    expect(await counted()).toBe(0);
    expect(await harness.redis.keys('{tr}:*:task-*')).toHaveLength(7);
  });

  it('are right again after a task was removed by BullMQ’s own tools, while others end and are removed', async () => {
    const pool = worker();
    const tasks = await end(700);
    await pool.drain(0);
    await harness.redis.del('{tr}:recount', '{tr}:recounted');
    const connection = new Redis(redisUrl(), { maxRetriesPerRequest: null });
    const lane = new Queue('default', { connection, prefix: KEY_TAG });
    for (const { id } of tasks.slice(300, 350)) await (await lane.getJob(id))!.remove();
    await lane.close();
    await connection.quit();
    expect(await counted()).toBeGreaterThan(await stored());
    const housekeeping = bounded(0);
    // One piece of 256 for critical, one for high, two for default.
    for (let piece = 0; piece < 3; piece++) await housekeeping.prune();
    expect(await harness.redis.hgetall('{tr}:recount')).toMatchObject({ lane: 'default', at: '256' });
    for (const { id } of await harness.add(30, { delayMs: 60_000 })) await harness.queue.cancel(id);
    await harness.redis.zadd('{tr}:expiry', 1, `default:${tasks[10]!.id}`, 1, `default:${tasks[600]!.id}`);
    await housekeeping.prune();
    expect(await kept([tasks[10]!, tasks[600]!])).toEqual([]);
    for (let piece = 0; piece < 4; piece++) await housekeeping.prune();
    expect(await harness.redis.exists('{tr}:recount')).toBe(0);
    expect(await counted()).toBe(await stored());
  });
});

describe('a history that is too large', () => {
  it('loses its oldest tasks of all lanes, and only as many as it must', async () => {
    worker();
    const tasks: Task[] = [];
    for (let round = 0; round < 6; round++) {
      for (const lane of ['default', 'low', 'critical'] as const) tasks.push(...(await end(1, inLane(lane))));
    }
    const bytes = await counted();
    await bounded(bytes).prune();
    expect(await kept(tasks)).toEqual(ids(tasks));
    const each = bytes / tasks.length;
    await bounded(Math.round(bytes - 3.5 * each)).prune();
    expect(await kept(tasks)).toEqual(ids(tasks.slice(await evicted())));
    // Three or four, and up to a twentieth more, so that not every task that ends evicts one.
    expect(await evicted()).toBe(5);
    expect(await counted()).toBe(await stored());
    expect(await harness.redis.zcard('{tr}:expiry')).toBe(13);
  });

  it('is made smaller in pieces of 256 tasks, like what is too old', async () => {
    const tasks = await harness.add(1000, { delayMs: 60_000 });
    for (const { id } of tasks) await harness.queue.cancel(id);
    const runs = vi.spyOn(harness.redis, 'evalsha');
    const each = (await counted()) / tasks.length;
    await bounded(Math.round(500 * each)).prune();
    expect(await evicted()).toBe(512);
    expect(runs).toHaveBeenCalledTimes(2);
    await bounded(0, inEightDays()).prune();
    expect(await counted()).toBe(0);
    expect(runs).toHaveBeenCalledTimes(4);
  });

  it('never loses a dead letter or a task that is alive', async () => {
    worker();
    const dead = await end(20, { metadata: { end: 'dead' } });
    const [scheduled] = await harness.add(1, { delayMs: 3_600_000 });
    await harness.gates.set('c:held', { isShut: true });
    const [held] = await harness.add(1, { clientId: 'held' });
    const done = await end(20);
    await bounded(1).prune();
    expect(await kept(done)).toEqual([]);
    expect(await kept([...dead, scheduled!, held!])).toHaveLength(22);
    expect(await counted()).toBe(0);
  });

  it('is made smaller by a turn that sees it, without the timers of housekeeping', async () => {
    await harness.stop();
    vi.useFakeTimers({ toFake: ['setInterval'] });
    harness = await QueueHarness.start({ HISTORY_MAX_BYTES: String(MIB) });
    worker();
    const tasks: Task[] = [];
    for (let batch = 0; batch < 8; batch++) {
      tasks.push(...(await harness.add(5, { metadata: { large: 'x'.repeat(200_000) } })));
    }
    await until(async () => {
      const states = await Promise.all(tasks.map(({ id }) => find(id)));
      return states.every((task) => task === undefined || task.state === 'completed');
    });
    await until(async () => (await counted()) <= MIB);
    expect(await evicted()).toBeGreaterThanOrEqual(35);
    expect((await kept(tasks)).length).toBeGreaterThan(0);
  });
});
