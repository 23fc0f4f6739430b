import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { replayed } from '../../../test/support/adding.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Task, TaskTarget } from '../../task/task.js';
import { RedisClock } from '../queue-clock.js';
import { LoopWorkerPool } from '../worker/loop-worker-pool.js';

const KEY = randomBytes(32).toString('base64');
const target: TaskTarget = {
  url: 'http://target.example/path?q=query-secret',
  method: 'POST',
  headers: [['X-Api-Key', 'header-secret']],
  body: { encoding: 'utf8', content: 'body-secret' },
};

const harnesses: QueueHarness[] = [];
afterEach(async () => {
  for (const harness of harnesses.splice(0)) await harness.stop();
});

async function start(key: string, keep = false): Promise<QueueHarness> {
  const harness = await QueueHarness.start({ TASK_ENCRYPTION_KEY: key }, new RedisClock(), keep);
  harnesses.push(harness);
  return harness;
}

/** Runs one worker that notes the calls it is given. */
function working(harness: QueueHarness): { calls: TaskTarget[]; pool: LoopWorkerPool } {
  const calls: TaskTarget[] = [];
  const pool = harness.worker(5, ({ task }) => {
    calls.push(task.target);
    return Promise.resolve({ kind: 'complete' });
  });
  return { calls, pool };
}

async function everythingStored({ redis }: QueueHarness, id: string): Promise<string> {
  return JSON.stringify(await redis.hgetall(`{tr}:default:${id}`));
}

describe('tasks that are stored encrypted', () => {
  it('hold no secret in Redis, read as they were enqueued, and run', async () => {
    const harness = await start(KEY);
    const [task] = (await harness.add(1, { target })) as [Task];
    expect(await everythingStored(harness, task.id)).not.toContain('secret');
    expect((await harness.reader.find(task.id))?.task).toEqual(task);
    const { calls } = working(harness);
    await until(() => calls.length === 1);
    expect(calls).toEqual([target]);
  });

  it('are found again by their id, and can be edited', async () => {
    const harness = await start(KEY);
    const task = harness.task({ target, id: 'client-a.mine', delayMs: 60_000 });
    await harness.queue.add(task);
    expect(await harness.queue.add(task)).toEqual(replayed(task));
    const before = (await harness.reader.find(task.id))!;
    const after = {
      ...before.task,
      target: { ...target, body: { ...target.body!, content: 'other-secret' } },
    };
    const edit = { before: before.stored, after, now: Date.now(), isRescheduled: false };
    expect(await harness.queue.edit(edit)).toBe('edited');
    expect(await harness.queue.edit(edit)).toBe('changed');
    expect(await everythingStored(harness, task.id)).not.toContain('secret');
    expect((await harness.reader.find(task.id))?.task).toEqual(after);
  });

  it('wait at a worker without the key, cost no attempt, say what to do, and run where the key is', async () => {
    const withKey = await start(KEY);
    const [task] = (await withKey.add(1, { target, maxRetries: 0 })) as [Task];
    const without = await start('', true);
    const { calls, pool } = working(without);
    const snapshot = await until(async () => {
      const found = await without.reader.find(task.id);
      return found?.nextAttemptAt ? found : undefined;
    });
    await pool.drain(0);
    expect(snapshot).toMatchObject({
      attemptsMade: 0,
      task: { target: { url: 'http://target.example/', headers: [] } },
    });
    expect(snapshot.attempts).toMatchObject([
      {
        class: 'interrupted',
        error: {
          code: 'encryption_key_missing',
          message: expect.stringContaining('TASK_ENCRYPTION_KEY') as string,
        },
      },
    ]);
    expect(calls).toEqual([]);

    expect(await without.queue.runNow(task.id)).toBe('due');
    const able = working(await start(`${randomBytes(32).toString('hex')},${KEY}`, true));
    await until(() => able.calls.length === 1);
    expect(able.calls).toEqual([target]);
  });

  it('become dead letters for it when they are a week late', async () => {
    const withKey = await start(KEY);
    const late = Date.now() - 8 * 86_400_000;
    const [task] = (await withKey.add(1, { target, createdAt: late, scheduledAt: late })) as [Task];
    const without = await start('', true);
    await without.redis.hset(`{tr}:default:${task.id}`, 'due', Date.now());
    working(without);
    const snapshot = await until(async () => {
      const found = await without.reader.find(task.id);
      return found?.state === 'dead_letter' ? found : undefined;
    });
    expect(snapshot.deadLetterReason).toBe('encryption_key_missing');
  });
});
