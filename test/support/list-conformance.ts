import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskFilter } from '../../src/queue/search/task-list.js';
import { LANES } from '../../src/task/lane.js';
import type { Settlement } from '../../src/task/settlement.js';
import type { Task } from '../../src/task/task.js';
import { type TaskFields, taskOf } from './task-of.js';
import type { QueueUnderTest } from './task-queue-conformance.js';

const HOUR = 3_600_000;
const SHUT = 'shut-client';

/** What `TaskReader.list` promises. */
export function describeTaskList(name: string, start: () => Promise<QueueUnderTest>): void {
  describe(name, () => {
    let tested: QueueUnderTest;
    beforeEach(async () => {
      tested = await start();
    });
    afterEach(() => tested.stop());

    async function added(fields: TaskFields = {}): Promise<Task> {
      tested.clock.advance(10);
      const task = taskOf(tested.clock.now(), fields);
      await tested.queue.add(task);
      return task;
    }

    const listed = async (filter: TaskFilter = {}, limit = 100) =>
      (await tested.reader.list({ filter, limit })).tasks.map(({ task }) => task.id);

    const ids = (...tasks: Task[]) => tasks.map(({ id }) => id);

    async function settled(settlement: Settlement, fields: TaskFields = {}): Promise<Task> {
      const task = await added(fields);
      await tested.take();
      await tested.settle(task, settlement);
      return task;
    }

    it('has all tasks, newest first, whatever their lane, and says what it looked at', async () => {
      const tasks: Task[] = [];
      for (const lane of LANES) tasks.unshift(await added({ lane }));
      const page = await tested.reader.list({ filter: {}, limit: 10 });
      expect(page.tasks.map(({ task }) => task)).toEqual(tasks);
      expect(page).not.toHaveProperty('next');
      expect(page.window).toMatchObject({ scanned: 4, isComplete: true });
      expect(await tested.reader.list({ filter: { clientId: 'nobody' }, limit: 10 })).toMatchObject({
        tasks: [],
        window: { isComplete: true },
      });
    });

    it('goes on where the page before ended, whatever is added or removed meanwhile', async () => {
      const tasks: Task[] = [];
      for (let n = 0; n < 7; n++) tasks.unshift(await added());
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await tested.reader.list({ filter: {}, limit: 2, after });
        seen.push(...page.tasks.map(({ task }) => task.id));
        after = page.next;
        await added();
      } while (after !== undefined);
      expect(seen).toEqual(ids(...tasks));
    });

    it('finds by every state', async () => {
      const byState: Record<string, Task> = {};
      await tested.shutClient(SHUT);
      byState['completed'] = await settled({ kind: 'complete' });
      byState['dead_letter'] = await settled({ kind: 'dead_letter', reason: 'permanent_failure' });
      byState['expired'] = await settled({ kind: 'expire' });
      byState['retrying'] = await settled({ kind: 'retry', delayMs: HOUR });
      byState['cancelled'] = await added();
      await tested.queue.cancel(byState['cancelled'].id);
      byState['running'] = await added();
      await tested.take();
      byState['scheduled'] = await added({ delayMs: HOUR });
      byState['deferred'] = await added({ clientId: SHUT });
      byState['pending'] = await added();
      for (const [state, task] of Object.entries(byState))
        expect(await listed({ state: state as NonNullable<TaskFilter['state']> }), state).toEqual(ids(task));
    });

    it('finds by client, queue, host, type and labels, and by all together', async () => {
      const target = (url: string) => ({ target: { url, method: 'POST' as const, headers: [] } });
      const one = await added({ clientId: 'one', queue: 'reports', ...target('https://a.example:8443/x') });
      const two = await added({ clientId: 'two', queue: 'default', ...target('https://b.example/y') });
      const three = await added({
        clientId: 'two',
        queue: 'reports',
        metadata: { order: '7', 'a "b"': 'c:d\n' },
      });
      expect(await listed({ clientId: 'two' })).toEqual(ids(three, two));
      expect(await listed({ queue: 'reports' })).toEqual(ids(three, one));
      for (const host of ['a.example', 'a.example:8443', 'https://a.example:8443'])
        expect(await listed({ host }), host).toEqual(ids(one));
      for (const host of ['a.example:80', 'http://a.example:8443', 'example', 'b.example:443'])
        expect(await listed({ host }), host).toEqual([]);
      expect(await listed({ type: 'http' })).toEqual(ids(three, two, one));
      expect(await listed({ type: 'email' })).toEqual([]);
      expect(await listed({ labels: [['order', '7']] })).toEqual(ids(three));
      const labels = [['order', '7'] as const, ['a "b"', 'c:d\n'] as const];
      expect(await listed({ labels })).toEqual(ids(three));
      expect(await listed({ labels: [...labels, ['more', '']] })).toEqual([]);
      expect(await listed({ labels: [['order', '77']] })).toEqual([]);
      expect(await listed({ clientId: 'two', queue: 'reports', labels, state: 'pending' })).toEqual(
        ids(three),
      );
      expect(await listed({ clientId: 'one', labels })).toEqual([]);
    });

    it('takes no label from what is somewhere else in a task', async () => {
      await added({
        target: {
          url: 'http://t.example/',
          method: 'POST',
          headers: [['x', '"order":"7"']],
          body: { encoding: 'utf8', content: '{"order":"7"}' },
        },
      });
      await added({ target: { url: 'http://t.example/', method: 'POST', headers: [['order', '7']] } });
      expect(await listed({ labels: [['method', 'POST']] })).toEqual([]);
      expect(await listed({ labels: [['order', '7']] })).toEqual([]);
    });

    it('finds by when they were created, exactly', async () => {
      const [one, two, three] = [await added(), await added(), await added()];
      expect(await listed({ createdAfter: one.createdAt })).toEqual(ids(three, two));
      expect(await listed({ createdBefore: three.createdAt })).toEqual(ids(two, one));
      expect(await listed({ createdAfter: one.createdAt, createdBefore: three.createdAt })).toEqual(ids(two));
      expect(await listed({ createdAfter: three.createdAt })).toEqual([]);
    });

    it('finds by what went wrong last, and not by what did before', async () => {
      const dead = await settled({ kind: 'dead_letter', reason: 'permanent_failure' });
      const retrying = await settled({ kind: 'retry', delayMs: HOUR });
      await settled({ kind: 'complete' });
      expect(await listed({ error: 'Permanent_FAILURE' })).toEqual(ids(dead));
      expect(await listed({ error: 'http 500' })).toEqual(ids(retrying, dead));
      expect(await listed({ error: 'no such words' })).toEqual([]);
      expect(await listed({ error: '500', state: 'retrying' })).toEqual(ids(retrying));
    });
  });
}
