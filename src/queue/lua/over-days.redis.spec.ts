import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import { retryDelayMs } from '../../task/retry-policy.js';
import type { Settlement } from '../../task/settlement.js';
import type { TaskState } from '../../task/task-state.js';
import type { Task } from '../../task/task.js';

// The whole queue with a worker, at times that the tests choose: it sleeps and is woken as it is in production.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let clock: ManualClock;
let harness: QueueHarness;
/** When which task was started. */
let starts: { id: string; at: number }[];
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start({ TASK_RETENTION_DAYS: '7', DEAD_RETENTION_DAYS: '30' }, clock);
  starts = [];
});
afterEach(async () => {
  await harness.stop();
});

function worker(settlementOf: (attempt: number, task: Task) => Settlement = () => ({ kind: 'complete' })) {
  harness.worker(5, ({ task, attempt }) => {
    starts.push({ id: task.id, at: clock.now() });
    return Promise.resolve(settlementOf(attempt, task));
  });
}

const find = (id: string) => harness.reader.find(id);
const becomes = (id: string, state: TaskState) => until(async () => (await find(id))?.state === state);

/** A task that nothing holds back has run: whatever the worker had to do until now, it has done. */
async function caughtUp(): Promise<void> {
  const target = { url: 'http://other.example/', method: 'POST', headers: [] } as const;
  const [task] = await harness.add(1, { clientId: 'other', queue: 'low', lane: 'low', target });
  await becomes(task!.id, 'completed');
  starts = starts.filter(({ id }) => id !== task!.id);
}

describe('a worker, over days', () => {
  it('retries ten times, each when its backoff of minutes and hours is over and not before', async () => {
    const retry = {
      strategy: 'exponential',
      minBackoffMs: 60_000,
      maxBackoffMs: 6 * HOUR,
      jitter: 0,
    } as const;
    worker((attempt, task) => {
      if (task.clientId === 'other') return { kind: 'complete' };
      if (attempt > task.maxRetries) return { kind: 'dead_letter', reason: 'attempts_exhausted' };
      return { kind: 'retry', delayMs: retryDelayMs(task.retry, attempt, 0.5) };
    });
    const [task] = await harness.add(1, { maxRetries: 10, retry });
    const due = [clock.now()];
    for (let attempt = 1; attempt <= 10; attempt++) {
      await becomes(task!.id, 'retrying');
      const delayMs = retryDelayMs(retry, attempt, 0.5);
      due.push(clock.now() + delayMs);
      expect((await find(task!.id))?.nextAttemptAt).toBe(due.at(-1));
      clock.advance(delayMs - 2);
      await caughtUp();
      expect(starts).toHaveLength(attempt);
      // The loop looks a millisecond late, so that what is due is due.
      clock.advance(3);
      await until(() => starts.length === attempt + 1);
    }
    await becomes(task!.id, 'dead_letter');
    expect(starts.map(({ at }, n) => at - due[n]!)).toEqual([0, ...Array.from({ length: 10 }, () => 1)]);
    expect(due.at(-1)! - due[0]!).toBeGreaterThan(14 * HOUR);
    expect(await find(task!.id)).toMatchObject({ attemptsMade: 11, deadLetterReason: 'attempts_exhausted' });
  });

  it('makes a dead letter of what a gate has held for seven days, and names the gate', async () => {
    await harness.gates.set('c:client-a', { isShut: true });
    const [task] = await harness.add(1);
    worker();
    for (let hours = 0; hours < 7 * 24; hours += 12) {
      await caughtUp();
      expect((await find(task!.id))?.state).toBe('deferred');
      clock.advance(12 * HOUR);
    }
    clock.advance(1);
    await becomes(task!.id, 'dead_letter');
    expect((await find(task!.id))?.deadLetterReason).toBe('client_disabled');
    expect(starts).toEqual([]);
    expect(await harness.redis.exists('{tr}:park:c:client-a')).toBe(0);
  });

  it('lets expire what is still held when its time is over', async () => {
    await harness.gates.set('h:http://target.example', { isShut: true });
    const [task] = await harness.add(1, { expiresAt: clock.now() + 3 * HOUR });
    worker();
    await caughtUp();
    clock.advance(3 * HOUR - 1);
    await caughtUp();
    expect((await find(task!.id))?.state).toBe('deferred');
    clock.advance(2);
    await becomes(task!.id, 'expired');
    expect(starts).toEqual([]);
  });

  it('goes on with a queue that is paused until a time, at that time', async () => {
    const until8 = clock.now() + 8 * HOUR;
    await harness.gates.set('q:reports', { isShut: true, shutUntil: until8 });
    const tasks = await harness.add(3, { queue: 'reports' });
    worker();
    clock.advance(8 * HOUR - 1);
    await caughtUp();
    expect(starts).toEqual([]);
    clock.advance(2);
    await until(() => starts.length === 3);
    expect(starts.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
    for (const { id } of tasks) await becomes(id, 'completed');
  });

  it('removes completed tasks after seven days, dead letters after thirty, and no sooner', async () => {
    worker((_attempt, task) =>
      task.maxRetries === 0 ? { kind: 'dead_letter', reason: 'attempts_exhausted' } : { kind: 'complete' },
    );
    const [done] = await harness.add(1);
    const [dead] = await harness.add(1, { maxRetries: 0 });
    await becomes(done!.id, 'completed');
    await becomes(dead!.id, 'dead_letter');
    clock.advance(7 * DAY - 1);
    await caughtUp();
    expect(await find(done!.id)).toBeDefined();
    clock.advance(1001);
    await until(async () => (await find(done!.id)) === undefined);
    clock.advance(23 * DAY - 2000);
    await caughtUp();
    expect((await find(dead!.id))?.state).toBe('dead_letter');
    clock.advance(2000);
    await until(async () => (await find(dead!.id)) === undefined);
  });

  it('keeps the rate of a queue to the hour', async () => {
    await harness.gates.set('q:hourly', { perSecond: 1 / 3600 });
    await harness.add(4, { queue: 'hourly' });
    worker();
    for (let hour = 0; hour < 4; hour++) {
      await until(() => starts.length === hour + 1);
      clock.advance(HOUR - 10);
      await caughtUp();
      expect(starts).toHaveLength(hour + 1);
      clock.advance(11);
    }
  });
});
