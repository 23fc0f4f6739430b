import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { until } from '../../test/support/until.js';
import type { Task } from '../task/task.js';
import { readTask } from './read-task.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

const DAMAGED: readonly ((data: string) => string)[] = [
  () => '',
  () => '{"id":',
  () => 'null',
  () => '5',
  () => '{}',
  () => '[]',
  (data) => data.slice(0, -1),
  (data) => data.replace(/"id":"[^"]*"/, '"id":"another"'),
  (data) => data.replace('"http://target.example/"', '"nowhere"'),
  (data) => data.replace('"headers":[]', '"headers":{}'),
  (data) => data.replace(/"createdAt":\d+/, '"createdAt":1e300'),
  (data) => data.replace('"metadata":{}', '"metadata":null'),
  (data) => data.replace(/"retry":\{/, '"retry":"", "other":{'),
];

const keyOf = ({ id }: Task) => `{tr}:default:${id}`;

async function damage(task: Task, how: (data: string) => string): Promise<void> {
  const data = (await harness.redis.hget(keyOf(task), 'data')) ?? '';
  expect(how(data)).not.toBe(data);
  await harness.redis.hset(keyOf(task), 'data', how(data));
}

async function found(task: Task) {
  return (await harness.reader.find(task.id))!;
}

describe('a task whose data was damaged', () => {
  it('becomes a dead letter that says so, while the others of its turn run', async () => {
    const bad = await harness.add(DAMAGED.length);
    for (const [at, task] of bad.entries()) await damage(task, DAMAGED[at]!);
    const good = await harness.add(5);
    const ran: string[] = [];
    harness.worker(100, ({ task }) => {
      ran.push(task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    await until(() => ran.length === good.length);
    expect(ran.toSorted()).toEqual(good.map(({ id }) => id).toSorted());
    for (const task of bad) {
      await until(async () => (await found(task)).state === 'dead_letter');
      const { deadLetterReason, attemptsMade, attempts } = await found(task);
      expect({ deadLetterReason, attemptsMade }).toEqual({
        deadLetterReason: 'unreadable_task',
        attemptsMade: 0,
      });
      expect(attempts).toMatchObject([{ class: 'interrupted', error: { code: 'unreadable_task' } }]);
    }
    expect(await harness.held()).toEqual({});
  });

  it('is shown with what is known of it besides, explained, and can be cancelled', async () => {
    const [task] = (await harness.add(1, { delayMs: 60_000, clientId: 'acme' })) as [Task];
    await damage(task, () => '{');
    const { id, clientId, queue, scheduledAt } = task;
    expect(await found(task)).toMatchObject({
      isUnreadable: true,
      state: 'scheduled',
      task: { id, clientId, queue, scheduledAt, target: { url: 'http://target.example/' } },
    });
    expect(await harness.reader.explain(id)).toMatchObject({ state: 'scheduled' });
    expect(await harness.queue.cancel(id)).toBe('cancelled');
  });

  it('keeps its id, and nobody else from enqueueing', async () => {
    const task = harness.task({ id: 'client-a.mine', delayMs: 60_000 });
    await harness.queue.add(task);
    await damage(task, () => 'x');
    const other = harness.task();
    const results = await Promise.all([task, other].map((each) => harness.queue.add(each)));
    expect(results.map(({ kind }) => kind)).toEqual(['replayed', 'added']);
  });

  it('is a dead letter again when it is retried', async () => {
    const [task] = (await harness.add(1)) as [Task];
    await damage(task, () => '!');
    harness.worker(1, () => Promise.resolve({ kind: 'complete' }));
    await until(async () => (await found(task)).state === 'dead_letter');
    expect(await harness.queue.retry(task.id)).toBe('retried');
    await until(async () => {
      const { state, attempts } = await found(task);
      return state === 'dead_letter' && attempts.length === 2;
    });
  });
});

it('an attempt that was damaged is left out', async () => {
  const [task] = (await harness.add(1, { delayMs: 60_000 })) as [Task];
  await harness.redis.hset(keyOf(task), { 'a:0': '{', 'a:1': 'null', 'a:2': '{"number":1}' });
  expect((await found(task)).attempts).toEqual([]);
});

it('what was stored is read as it was', () => {
  const task = harness.task({
    expiresAt: 5,
    metadata: { a: 'b' },
    target: {
      url: 'https://x.example/',
      method: 'PUT',
      headers: [['a', 'b']],
      body: { encoding: 'base64', content: '' },
    },
    retry: {
      strategy: 'list',
      minBackoffMs: 1,
      maxBackoffMs: 2,
      delaysMs: [1.5],
      jitter: 0,
      permanentStatuses: [1],
    },
  });
  expect(readTask(task.id, JSON.stringify(task))).toEqual(task);
});
