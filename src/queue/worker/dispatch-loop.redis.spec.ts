import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import { scripts } from '../scripts.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

describe('the dispatch loop', () => {
  it('runs a task within a moment although it slept, also when it is the only one for a while', async () => {
    const done: string[] = [];
    harness.worker(2, ({ task }) => {
      done.push(task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    for (let n = 1; n <= 20; n++) {
      await harness.add(1);
      await until(() => done.length === n, { timeoutMs: 2000, every: 1 });
    }
  });

  it('wakes up for work after its slots were full', async () => {
    const finish: (() => void)[] = [];
    harness.worker(1, async () => {
      await new Promise<void>((resolve) => finish.push(resolve));
      return { kind: 'complete' };
    });
    await harness.add(1);
    await until(() => finish.length === 1);
    await harness.add(1);
    finish[0]!();
    await until(() => finish.length === 2, { timeoutMs: 2000 });
    finish[1]!();
    await harness.add(1);
    await until(() => finish.length === 3, { timeoutMs: 2000 });
    finish[2]!();
  });

  it('settles in one turn what ends one after the other in the same moment', async () => {
    const finish: (() => void)[] = [];
    harness.worker(20, async () => {
      await new Promise<void>((resolve) => finish.push(resolve));
      return { kind: 'complete' };
    });
    const tasks = await harness.add(20);
    await until(() => finish.length === tasks.length);
    const turns = vi.spyOn(scripts.step, 'run');
    for (const end of finish) setImmediate(end);
    for (const { id } of tasks) {
      await until(async () => (await harness.reader.find(id))?.state === 'completed');
    }
    expect(turns.mock.calls.filter(([, , args]) => args.includes('completed'))).toHaveLength(1);
    turns.mockRestore();
  });

  it('leaves work that it has no slot for to another worker', async () => {
    const ran: string[] = [];
    const blocked = () => new Promise<never>(() => undefined);
    harness.worker(1, async (_claimed, abort) => {
      ran.push('first');
      await Promise.race([
        blocked(),
        new Promise((resolve) => {
          abort.onAbort(() => {
            resolve(undefined);
          });
        }),
      ]);
      return { kind: 'hand_back' };
    });
    await harness.add(1);
    await until(() => ran.length === 1);
    harness.worker(1, () => {
      ran.push('second');
      return Promise.resolve({ kind: 'complete' });
    });
    for (let n = 0; n < 10; n++) {
      await harness.add(1);
      await until(() => ran.filter((who) => who === 'second').length === n + 1, { timeoutMs: 2000 });
    }
  });

  it('runs delayed tasks when they are due, in the order of their times, also one that comes later and is due sooner', async () => {
    const order: number[] = [];
    harness.worker(1, ({ task }) => {
      order.push(task.scheduledAt);
      return Promise.resolve({ kind: 'complete' });
    });
    await harness.add(1, { delayMs: 400 });
    await harness.add(1, { delayMs: 100 });
    await harness.add(1, { delayMs: 250 });
    await until(() => order.length === 3, { timeoutMs: 5000 });
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  it('hands every task to one of two workers, none twice and none lost', async () => {
    const ran: string[] = [];
    const work = ({ task }: { task: { id: string } }) => {
      ran.push(task.id);
      return Promise.resolve({ kind: 'complete' } as const);
    };
    harness.worker(20, work);
    harness.worker(20, work);
    const tasks = await harness.add(3000);
    await until(() => ran.length >= tasks.length, { timeoutMs: 20_000 });
    expect(ran.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  });

  it('aborts a running task that is cancelled, also with all slots full', async () => {
    let aborted = false;
    harness.worker(1, async (_claimed, abort) => {
      await new Promise((resolve) => {
        abort.onAbort(() => {
          resolve(undefined);
        });
      });
      aborted = true;
      return { kind: 'hand_back' };
    });
    const [task] = await harness.add(1);
    await until(async () => (await harness.reader.find(task!.id))?.state === 'running');
    expect(await harness.queue.cancel(task!.id)).toBe('aborting');
    await until(async () => (await harness.reader.find(task!.id))?.state === 'cancelled', {
      timeoutMs: 3000,
    });
    expect(aborted).toBe(true);
    expect(await harness.queue.cancel(task!.id)).toBe('finished');
    expect(await harness.queue.cancel('no-such')).toBe('unknown');
  });
});
