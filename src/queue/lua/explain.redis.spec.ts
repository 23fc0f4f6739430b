import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { TaskExplanation } from '../explanation.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

const explain = async (id: string): Promise<TaskExplanation> => (await harness.reader.explain(id))!;

describe('a task that is not due yet', () => {
  const HOST = 'h:http://target.example';
  it.each([
    ['is held for longer', 2 * 3_600_000, 2 * 3_600_000],
    ['is held until before', 1_800_000, 3_600_000],
    ['is held for ever', undefined, undefined],
  ])('and whose host %s', async (_what, heldMs, etaMs) => {
    const now = Date.now();
    const shutUntil = heldMs === undefined ? {} : { shutUntil: now + heldMs };
    await harness.gates.set(HOST, { isShut: true, ...shutUntil });
    const [task] = await harness.add(1, { scheduledAt: now + 3_600_000 });
    const { state, dueAt, eta } = await explain(task!.id);
    expect([state, dueAt]).toEqual(['scheduled', now + 3_600_000]);
    expect(eta).toBe(etaMs === undefined ? undefined : now + etaMs);
  });
});

describe('why a task is held', () => {
  it('is the first gate in the order queue, client, host', async () => {
    await harness.gates.set('h:http://target.example', { isShut: true });
    await harness.gates.set('c:client-a', { isShut: true });
    const [task] = await harness.add(1, { queue: 'mails' });
    const { state, gates, heldBy } = await explain(task!.id);
    expect(state).toBe('deferred');
    expect(gates.map(({ kind, name, refusal }) => [kind, name, refusal?.reason])).toEqual([
      ['queue', 'mails', undefined],
      ['client', 'client-a', 'shut'],
      ['host', 'http://target.example', 'shut'],
    ]);
    expect(heldBy).toEqual(gates[1]);
  });

  it('is a cap, with the numbers of it', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 2 });
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    harness.worker(5, () => finished.then(() => ({ kind: 'complete' })));
    const tasks = await harness.add(5);
    await until(async () => (await harness.held())['c:client-a'] === '2');
    const explanations = await Promise.all(tasks.map(({ id }) => explain(id)));
    expect(explanations.filter(({ state }) => state === 'running')).toHaveLength(2);
    const held = explanations.filter(({ state }) => state === 'deferred');
    expect(held.map(({ parkedAhead }) => parkedAhead).toSorted()).toEqual([0, 1, 2]);
    for (const { heldBy, eta } of held) {
      expect(heldBy).toMatchObject({ running: 2, maxRunning: 2, refusal: { reason: 'at_capacity' } });
      expect(eta).toBeUndefined();
    }
    const running = explanations.find(({ state }) => state === 'running');
    expect(running?.gates.every(({ refusal }) => refusal === undefined)).toBe(true);
    finish();
  });

  it('is a pause, with its end', async () => {
    const shutUntil = Date.now() + 3_600_000;
    await harness.gates.set('q:mails', { isShut: true, shutUntil });
    const [task] = await harness.add(1, { queue: 'mails' });
    const { heldBy, eta } = await explain(task!.id);
    expect(heldBy).toMatchObject({ kind: 'queue', refusal: { reason: 'shut', at: shutUntil } });
    expect(eta).toBe(shutUntil);
  });

  it('is a rate, which lets those ahead go first', async () => {
    await harness.gates.set('q:mails', { perSecond: 0.1 });
    harness.worker(5, () => Promise.resolve({ kind: 'complete' }));
    const [first] = await harness.add(1, { queue: 'mails' });
    await until(async () => (await harness.reader.find(first!.id))?.state === 'completed');
    const startedAt = (await harness.reader.find(first!.id))!.attempts[0]!.startedAt;
    const [second] = await harness.add(1, { queue: 'mails' });
    const [third] = await harness.add(1, { queue: 'mails', delayMs: 1 });
    await until(async () => (await harness.reader.find(third!.id))?.state === 'deferred');
    const [next, last] = [await explain(second!.id), await explain(third!.id)];
    expect(next).toMatchObject({ parkedAhead: 0, heldBy: { refusal: { reason: 'rate_limited' } } });
    expect(last.parkedAhead).toBe(1);
    // One every ten seconds; the start that the store counts from is a little before the attempt's own.
    expect(Math.abs(next.eta! - startedAt - 10_000)).toBeLessThan(2000);
    expect(last.eta! - next.eta!).toBe(10_000);
  });
});

it('a pending task that was let in before its gate was shut is told so', async () => {
  const [task] = await harness.add(1);
  await harness.gates.set('c:client-a', { isShut: true });
  const { state, gates, waitingAheadInLane } = await explain(task!.id);
  expect({ state, waitingAheadInLane }).toEqual({ state: 'pending', waitingAheadInLane: 0 });
  expect(gates[1]?.refusal).toEqual({ reason: 'shut' });
});

it('a pending task is not told that its own place takes up the cap', async () => {
  await harness.gates.set('c:client-a', { maxRunning: 1 });
  const [first, second] = await harness.add(2);
  const pending = await explain(first!.id);
  expect(pending.state).toBe('pending');
  expect(pending.gates.every(({ refusal }) => refusal === undefined)).toBe(true);
  expect((await explain(second!.id)).heldBy?.refusal).toEqual({ reason: 'at_capacity' });
});

it('a task that waits says how many the workers that are there can run', async () => {
  const [task] = await harness.add(1);
  expect((await explain(task!.id)).slots).toBe(0);
  const now = Date.now();
  const fleet = { here: `7;${now + 60_000}`, there: `3;${now + 60_000}`, lost: `5;${now - 1}` };
  await harness.redis.hset('{tr}:fleet', fleet);
  expect((await explain(task!.id)).slots).toBe(10);
});
