import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { redisUrl } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { KEY_TAG } from '../../redis/keys.js';
import { Housekeeping } from './housekeeping.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
  await harness.gates.set('c:client-a', { maxRunning: 1 });
});
afterEach(async () => {
  await harness.stop();
});

const housekeeping = () => new Housekeeping(harness.redis, 30_000, harness.clock);

describe('the books of the gates', () => {
  // Only windows of empty lanes were mended: with others in the lane, the client never ran again.
  it('are mended after a waiting job was removed, also while others wait in its lane', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const [removed] = await harness.add(1);
    await harness.add(3, { clientId: 'client-b' });
    await harness.redis.lrem('{tr}:default:wait', 1, removed!.id);
    await harness.redis.del(`{tr}:default:${removed!.id}`);
    expect(await housekeeping().repair()).toEqual(['c:client-a']);
    expect(await harness.redis.hgetall('{tr}:window')).toEqual({ 'c:client-b/default': '3' });
  });

  it('are mended after a lane was emptied by BullMQ’s own tools, and what comes then runs', async () => {
    await harness.add(5);
    const connection = new Redis(redisUrl(), { maxRetriesPerRequest: null });
    const lane = new Queue('default', { connection, prefix: KEY_TAG });
    await lane.obliterate({ force: true });
    await lane.close();
    await connection.quit();
    expect(await harness.redis.hgetall('{tr}:window')).toEqual({ 'c:client-a/default': '1' });
    expect(await housekeeping().repair()).toEqual(['c:client-a']);
    expect(await harness.redis.hgetall('{tr}:window')).toEqual({});

    const ran: string[] = [];
    harness.worker(5, ({ task }) => {
      ran.push(task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    const tasks = await harness.add(3);
    await until(() => ran.length === 3, { timeoutMs: 5000 });
    expect(ran.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  });

  it('forget slots of tasks that are gone, and let in who waited for them', async () => {
    await harness.redis.hset('{tr}:held', 'default:gone', 'c:client-a');
    await harness.redis.hset('{tr}:running', 'c:client-a', 1);
    const ran: string[] = [];
    harness.worker(5, ({ task }) => {
      ran.push(task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    const [task] = await harness.add(1);
    expect((await harness.reader.find(task!.id))?.state).toBe('deferred');
    expect(await housekeeping().repair()).toEqual(['c:client-a']);
    await until(() => ran.length === 1, { timeoutMs: 10_000 });
  });

  it('count again who is alive after tasks were removed, wherever they were', async () => {
    const alive = () => harness.redis.hgetall('{tr}:alive');
    const tasks = [
      ...(await harness.add(2)),
      ...(await harness.add(2, { clientId: 'client-b', queue: 'reports', delayMs: 60_000 })),
      ...(await harness.add(1, { clientId: 'client-c', lane: 'low' })),
    ];
    const counted = { 'c:client-a': '2', 'c:client-b': '2', 'c:client-c': '1' };
    expect(await alive()).toEqual({ ...counted, 'q:default': '2', 'q:reports': '2', 'q:low': '1' });
    await harness.redis.zrem('{tr}:default:delayed', tasks[2]!.id);
    await harness.redis.lrem('{tr}:low:wait', 1, tasks[4]!.id);
    // One of client A runs, the other is held by its cap.
    await harness.redis.lmove('{tr}:default:wait', '{tr}:default:active', 'LEFT', 'RIGHT');
    const right = { 'c:client-a': '2', 'c:client-b': '1', 'q:default': '2', 'q:reports': '1' };
    for (const wrong of [{}, { 'c:nobody': 7 }, { 'q:default': 9 }, { 'q:default': 1 }]) {
      await harness.redis.hset('{tr}:alive', { 'q:default': 2, ...wrong });
      await harness.redis.del('{tr}:repair');
      await housekeeping().repair();
      expect(await alive()).toEqual(right);
    }
  });

  it('are left alone while tasks run and wait', async () => {
    let finish: (() => void) | undefined;
    harness.worker(5, async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return { kind: 'complete' };
    });
    await harness.add(3);
    await until(() => finish);
    const before = [await harness.held(), await harness.redis.hgetall('{tr}:window')];
    expect(await housekeeping().repair()).toEqual([]);
    expect([await harness.held(), await harness.redis.hgetall('{tr}:window')]).toEqual(before);
    for (let n = 0; n < 3; n++) {
      await until(() => finish);
      finish!();
      finish = undefined;
      if (n < 2) await until(() => finish);
    }
  });
});
