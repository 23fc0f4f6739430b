import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Task } from '../../task/task.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

/** Work that takes a little while and watches how much of it runs at once, by any key. */
class Watch {
  readonly most: Record<string, number> = {};
  readonly done: string[] = [];
  readonly starts: string[] = [];
  private readonly now: Record<string, number> = {};

  constructor(
    private readonly keyOf: (task: Task) => string = (task) => task.clientId,
    private readonly takesMs = 2,
  ) {}

  readonly work = async ({ task }: { task: Task }): Promise<{ kind: 'complete' }> => {
    const key = this.keyOf(task);
    this.starts.push(task.id);
    this.now[key] = (this.now[key] ?? 0) + 1;
    this.most[key] = Math.max(this.most[key] ?? 0, this.now[key]);
    await new Promise((resolve) => setTimeout(resolve, this.takesMs));
    this.now[key]--;
    this.done.push(task.id);
    return { kind: 'complete' };
  };
}

async function nothingHeld(): Promise<void> {
  await until(async () => (await harness.redis.hlen('{tr}:held')) === 0, { timeoutMs: 10_000 });
  expect(await harness.held()).toEqual({});
  expect(await harness.redis.hgetall('{tr}:window')).toEqual({});
}

describe('a client’s cap', () => {
  it('is never exceeded by two workers, loses nothing and runs nothing twice', async () => {
    const clients = Array.from({ length: 100 }, (_, n) => `client-${n}`);
    await Promise.all(clients.map((client) => harness.gates.set(`c:${client}`, { maxRunning: 1 })));
    const watch = new Watch();
    harness.worker(50, watch.work);
    harness.worker(50, watch.work);
    const added: Task[] = [];
    for (const clientId of clients) added.push(...(await harness.add(100, { clientId })));
    await until(() => watch.done.length >= added.length, { timeoutMs: 25_000 });
    expect(watch.done.toSorted()).toEqual(added.map(({ id }) => id).toSorted());
    expect(new Set(Object.values(watch.most))).toEqual(new Set([1]));
    await nothingHeld();
  });

  it('holds over lanes together, and lets the more urgent lane go first', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const low = await harness.add(5, { lane: 'low' });
    const critical = await harness.add(5, { lane: 'critical' });
    const watch = new Watch();
    harness.worker(10, watch.work);
    await until(() => watch.done.length === 10, { timeoutMs: 10_000 });
    expect(watch.most['client-a']).toBe(1);
    // The low one that was let in before the critical ones came may go first.
    const firstSix = watch.starts.slice(0, 6);
    expect(firstSix.filter((id) => critical.some((task) => task.id === id))).toHaveLength(5);
    expect(firstSix.filter((id) => low.some((task) => task.id === id))).toHaveLength(1);
  });

  it('does not make other clients wait, and fetches next to nothing in vain', async () => {
    await harness.gates.set('c:noisy', { maxRunning: 1 });
    const noisy = await harness.add(2000, { clientId: 'noisy' });
    const watch = new Watch();
    harness.worker(10, watch.work);
    const quiet = await harness.add(50, { clientId: 'quiet' });
    const order = () => quiet.map(({ id }) => watch.done.indexOf(id));
    await until(() => order().every((at) => at >= 0), { timeoutMs: 10_000 });
    expect(watch.done.filter((id) => noisy.some((task) => task.id === id)).length).toBeLessThan(100);
    expect(watch.most['noisy']).toBe(1);
  });

  it('shows a held task as deferred, and releases it when the cap is lifted', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const tasks = await harness.add(30);
    expect((await harness.reader.find(tasks[29]!.id))?.state).toBe('deferred');
    expect((await harness.reader.find(tasks[0]!.id))?.state).toBe('pending');
    await harness.gates.set('c:client-a', {});
    const watch = new Watch();
    harness.worker(10, watch.work);
    await until(() => watch.done.length === 30, { timeoutMs: 10_000 });
    expect(watch.most['client-a']).toBeGreaterThan(1);
    await nothingHeld();
  });

  it('counts what runs when it is lowered in the middle', async () => {
    const watch = new Watch((task) => task.clientId, 20);
    await harness.gates.set('c:client-a', { maxRunning: 5 });
    await harness.add(40);
    harness.worker(10, watch.work);
    await until(() => watch.done.length >= 5);
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const before = watch.starts.length;
    await until(() => watch.done.length >= 40, { timeoutMs: 10_000 });
    expect(watch.most['client-a']).toBe(5);
    expect(before).toBeLessThan(40);
    await nothingHeld();
  });
});

describe('a queue', () => {
  it('that is paused accepts tasks and parks them, and runs them when it is resumed', async () => {
    await harness.gates.set('q:reports', { isShut: true });
    const watch = new Watch();
    harness.worker(5, watch.work);
    const tasks = await harness.add(300, { queue: 'reports' });
    const others = await harness.add(10);
    await until(() => watch.done.length === 10);
    expect(watch.done.toSorted()).toEqual(others.map(({ id }) => id).toSorted());
    expect((await harness.reader.find(tasks[0]!.id))?.state).toBe('deferred');
    await harness.gates.set('q:reports', {});
    await until(() => watch.done.length === 310, { timeoutMs: 10_000 });
    await nothingHeld();
  });

  it('that is paused until a time opens by itself', async () => {
    const until_ = Date.now() + 300;
    await harness.gates.set('q:reports', { isShut: true, shutUntil: until_ });
    let startedAt = 0;
    harness.worker(5, () => {
      startedAt = Date.now();
      return Promise.resolve({ kind: 'complete' });
    });
    const [task] = await harness.add(1, { queue: 'reports' });
    await until(async () => (await harness.reader.find(task!.id))?.state === 'completed', {
      timeoutMs: 10_000,
    });
    expect(startedAt).toBeGreaterThanOrEqual(until_);
  });

  it('that is paused while its tasks wait already starts none of them', async () => {
    const tasks = await harness.add(50, { queue: 'reports' });
    await harness.gates.set('q:reports', { isShut: true });
    const watch = new Watch();
    harness.worker(5, watch.work);
    const [other] = await harness.add(1);
    await until(() => watch.done.includes(other!.id));
    expect(watch.done).toEqual([other!.id]);
    expect((await harness.reader.find(tasks[49]!.id))?.state).toBe('deferred');
  });

  it('with a rate starts tasks no faster, after the burst', async () => {
    await harness.gates.set('q:mails', { perSecond: 50, burst: 5 });
    const starts: number[] = [];
    harness.worker(20, () => {
      starts.push(performance.now());
      return Promise.resolve({ kind: 'complete' });
    });
    await harness.add(25, { queue: 'mails' });
    await until(() => starts.length === 25, { timeoutMs: 10_000 });
    // 25 tasks: 5 at once, the 20 others 20 ms apart. Noise can only make it slower.
    expect(starts[24]! - starts[0]!).toBeGreaterThanOrEqual(20 * 20 - 25);
    await nothingHeld();
  });
});

describe('a parked task', () => {
  it('can be cancelled, and what is behind it still comes', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const tasks = await harness.add(10);
    expect(await harness.queue.cancel(tasks[5]!.id)).toBe('cancelled');
    expect(await harness.queue.cancel(tasks[0]!.id)).toBe('cancelled');
    const watch = new Watch();
    harness.worker(5, watch.work);
    await until(() => watch.done.length === 8);
    expect((await harness.reader.find(tasks[5]!.id))?.state).toBe('cancelled');
    await nothingHeld();
  });
});
