import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Task } from '../../task/task.js';
import type { Edited } from '../task-queue.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

const edited = (task: Task, fields: Partial<Task> = {}): Task => ({
  ...task,
  metadata: { edited: 'yes' },
  ...fields,
});
const edit = (before: Task, after: Task): Promise<Edited> =>
  harness.queue.edit({
    before,
    after,
    now: Date.now(),
    isRescheduled: after.scheduledAt !== before.scheduledAt,
  });

describe('a task that is edited while workers fetch', () => {
  it.each([{}, { maxRunning: 3 }])(
    'runs once, as it is exactly when the edit was made; gate %j',
    async (gate) => {
      await harness.gates.set('c:client-a', gate);
      const tasks = await harness.add(300);
      const ran = new Map<string, string[]>();
      harness.worker(10, ({ task }) => {
        ran.set(task.id, [...(ran.get(task.id) ?? []), task.metadata['edited'] ?? 'no']);
        return Promise.resolve({ kind: 'complete' });
      });
      const host = { url: 'http://other.example/', method: 'PUT', headers: [] } as const;
      const results = await Promise.all(
        tasks
          .toReversed()
          .map(async (task) => ({ task, result: await edit(task, edited(task, { target: host })) })),
      );
      await until(() => ran.size === tasks.length, { timeoutMs: 10_000 });
      await until(async () => (await harness.redis.hlen('{tr}:held')) === 0);
      for (const { task, result } of results) {
        expect(['edited', 'started', 'finished']).toContain(result);
        expect(ran.get(task.id)).toEqual([result === 'edited' ? 'yes' : 'no']);
      }
      expect(results.filter(({ result }) => result === 'edited').length).toBeGreaterThan(0);
      expect(await harness.redis.hgetall('{tr}:window')).toEqual({});
      expect(await harness.redis.hgetall('{tr}:running')).toEqual({});
    },
  );
});

describe('an edit', () => {
  it('does nothing when somebody else has edited the task since it was read', async () => {
    const [task] = await harness.add(1, { delayMs: 60_000 });
    expect(await edit(task!, edited(task!))).toBe('edited');
    expect(await edit(task!, edited(task!, { maxRetries: 0 }))).toBe('changed');
    expect((await harness.reader.find(task!.id))?.task).toEqual(edited(task!));
  });

  it('keeps a waiting task in its place unless it moves', async () => {
    const [first, second] = await harness.add(2);
    expect(await edit(first!, edited(first!))).toBe('edited');
    expect(await harness.redis.lrange('{tr}:default:wait', 0, -1)).toEqual([second!.id, first!.id]);
  });

  it('to another host asks the gate of that one, and lets in who comes next at the old one', async () => {
    const shut = 'http://shut.example';
    await harness.gates.set(`h:${shut}`, { isShut: true });
    await harness.gates.set('h:http://target.example', { maxRunning: 1 });
    const [first, second] = await harness.add(2);
    expect((await harness.reader.find(second!.id))?.state).toBe('deferred');
    const target = { ...first!.target, url: `${shut}/` };
    expect(await edit(first!, edited(first!, { target }))).toBe('edited');
    expect((await harness.reader.find(first!.id))?.state).toBe('deferred');
    expect((await harness.reader.find(second!.id))?.state).toBe('pending');
    expect(await harness.redis.zcard(`{tr}:park:h:${shut}`)).toBe(1);
  });

  it('by somebody whose clock is off means so long from now', async () => {
    const [task] = await harness.add(1, { delayMs: 3_600_000 });
    const now = Date.now() - 600_000;
    const after = edited(task!, { scheduledAt: now + 60_000 });
    await harness.queue.edit({ before: task!, after, now, isRescheduled: true });
    const due = (await harness.reader.find(task!.id))!.nextAttemptAt!;
    expect(due - Date.now()).toBeGreaterThan(50_000);
    expect(due - Date.now()).toBeLessThanOrEqual(60_000);
  });
});
