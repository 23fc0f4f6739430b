import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { redisUrl } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { KEY_TAG } from '../../redis/keys.js';
import { LANES } from '../../task/lane.js';

// Our scripts write BullMQ's data layout by themselves. These tests decide about every new version of it: what they
// ask for is what the product, and whoever looks in with BullMQ's own tools, relies on.

let harness: QueueHarness;
let connection: Redis;
let stock: Queue;
beforeEach(async () => {
  harness = await QueueHarness.start({ TASK_LOCK_SEC: '1' });
  connection = new Redis(redisUrl(), { maxRetriesPerRequest: null });
  stock = new Queue('default', { connection, prefix: KEY_TAG });
});
afterEach(async () => {
  await stock.close();
  await connection.quit();
  await harness.stop();
});

describe('BullMQ’s own Queue', () => {
  it('counts what we stored, by state', async () => {
    await harness.gates.set('c:held', { isShut: true });
    await harness.add(3);
    await harness.add(2, { delayMs: 60_000 });
    await harness.add(1, { clientId: 'held' });
    await harness.add(4, { lane: 'critical' });
    expect(await stock.getJobCounts('wait', 'delayed', 'active')).toEqual({ wait: 3, delayed: 3, active: 0 });
    const critical = new Queue('critical', { connection, prefix: KEY_TAG });
    expect(await critical.getWaitingCount()).toBe(4);
    await critical.close();
  });

  it('reads data, options, state and time of every task, from waiting to finished', async () => {
    const [task] = await harness.add(1, { maxRetries: 2 });
    const job = await stock.getJob(task!.id);
    expect(job).toMatchObject({ name: 'http', data: task, attemptsMade: 0, priority: 0, delay: 0 });
    expect(job!.opts).toMatchObject({ attempts: 3 });
    expect(job!.timestamp).toBeGreaterThanOrEqual(task!.createdAt);
    expect(await job!.getState()).toBe('waiting');

    let finish: (() => void) | undefined;
    harness.worker(1, async ({ attempt }) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return attempt === 1 ? { kind: 'retry', delayMs: 50 } : { kind: 'complete' };
    });
    await until(async () => (await job!.getState()) === 'active');
    await until(() => finish);
    finish!();
    finish = undefined;
    await until(() => finish);
    expect((await stock.getJob(task!.id))!.attemptsMade).toBe(1);
    finish!();
    await until(async () => (await job!.getState()) === 'completed');
    const done = await stock.getJob(task!.id);
    expect(done).toMatchObject({ attemptsMade: 2, attemptsStarted: 2 });
    expect(done!.finishedOn).toBeGreaterThanOrEqual(done!.processedOn!);
    expect(await stock.getCompletedCount()).toBe(1);
  });

  it('finds exactly the dead letters among the failed', async () => {
    harness.worker(5, ({ task }) =>
      Promise.resolve(
        task.clientId === 'bad' ? { kind: 'dead_letter', reason: 'permanent_failure' } : { kind: 'complete' },
      ),
    );
    const [dead] = await harness.add(1, { clientId: 'bad' });
    const [cancelled] = await harness.add(1, { delayMs: 60_000 });
    await harness.queue.cancel(cancelled!.id);
    await until(async () => (await stock.getFailedCount()) === 1);
    const [failed] = await stock.getFailed();
    expect(failed).toMatchObject({ id: dead!.id, failedReason: 'permanent_failure' });
    expect(await stock.getCompletedCount()).toBe(1);
  });

  it('can promote a task of ours, and our dispatcher runs it', async () => {
    const [task] = await harness.add(1, { delayMs: 3_600_000 });
    const ran: string[] = [];
    harness.worker(1, (claimed) => {
      ran.push(claimed.task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    await (await stock.getJob(task!.id))!.promote();
    await until(() => ran.length === 1);
    await until(async () => (await harness.reader.find(task!.id))?.state === 'completed');
  });

  it('obliterates everything of a lane but what our own books keep', async () => {
    await harness.add(5);
    await stock.obliterate({ force: true });
    const left = await harness.redis.keys(`${KEY_TAG}:default:*`);
    expect(left.filter((key) => !/:(meta|marker|events|id|stalled-check)$/.test(key))).toEqual([]);
  });

  it('pauses a lane for our dispatcher too', async () => {
    await stock.pause();
    const ran: string[] = [];
    harness.worker(1, ({ task }) => {
      ran.push(task.lane);
      return Promise.resolve({ kind: 'complete' });
    });
    await harness.add(1);
    await harness.add(1, { lane: 'low' });
    await until(() => ran.length === 1);
    expect(ran).toEqual(['low']);
    await stock.resume();
    await until(() => ran.length === 2, { timeoutMs: 10_000 });
  });
});

describe('BullMQ’s stalled check', () => {
  it('gives back what a dead dispatcher of ours held, and it runs again', async () => {
    const [task] = await harness.add(1);
    const key = `${KEY_TAG}:default`;
    // As a killed dispatcher leaves it: active, and its lock has run out.
    await harness.redis.lrem(`${key}:wait`, 1, task!.id);
    await harness.redis.lpush(`${key}:active`, task!.id);
    const checker = new Worker('default', null, {
      connection,
      prefix: KEY_TAG,
      autorun: false,
      stalledInterval: 100,
    });
    checker.on('error', () => undefined);
    await checker.startStalledCheckTimer();
    await until(async () => (await harness.redis.lpos(`${key}:wait`, task!.id)) !== null, {
      timeoutMs: 10_000,
    });
    await checker.close();
    const ran: string[] = [];
    harness.worker(1, (claimed) => {
      ran.push(claimed.task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    await until(() => ran.length === 1);
  });
});

it('every lane is a queue of BullMQ', () => {
  expect(LANES).toEqual(['critical', 'high', 'default', 'low']);
});
