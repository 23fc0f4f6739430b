import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { answers, type Target, VirtualFleet } from '../../test/support/virtual-fleet.js';

// Two clients and one host, by a clock of the test and on the real scripts: what client A calls there always fails, what
// client B calls is answered well.

const SECOND = 1000;
const TIMEOUT = 30 * SECOND;
const HOST = 'http://target.example';
const A = { clientId: 'client-a' };
const B = { clientId: 'client-b' };
const C = { clientId: 'client-c' };
/** Failures in a row that are too many. */
const ROW = 5;
const PROBES = 3;

let harness: QueueHarness;
let clock: ManualClock;
let fleet: VirtualFleet;
let failing: Set<string>;
let takesMs: number;
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start({}, clock);
  failing = new Set([A.clientId]);
  const target: Target = ({ task: { clientId } }) => ({
    outcome: answers(failing.has(clientId) ? 500 : 200),
    takesMs,
  });
  takesMs = 20;
  fleet = new VirtualFleet(harness, clock, target, { workers: 2, concurrency: 4 });
});
afterEach(async () => {
  await harness.stop();
});

const changesTo = (state: string) => fleet.changes.filter(({ to }) => to === state).length;
const endOf = async ({ id }: { id: string }) => (await harness.reader.find(id))!;
const isDone = async (tasks: readonly { id: string }[]) =>
  (await Promise.all(tasks.map(endOf))).every(({ state }) => state === 'completed');

/** How often Redis was asked for tasks at random. */
const drawn = async () =>
  Number(/cmdstat_zrandmember:calls=(\d+)/.exec(await harness.redis.info('commandstats'))?.[1] ?? 0);

describe('a client whose tasks always fail at a host that answers another well', () => {
  it('closes it off for the other once at most, and is held alone from then on', async () => {
    await harness.add(300, A);
    const ofB = [];
    const addedAt: number[] = [];
    for (let second = 0; second < 300; second++) {
      addedAt.push(clock.now());
      ofB.push(...(await harness.add(1, B)));
      await fleet.pass(SECOND);
      if (second === 40) expect(changesTo('closed')).toBe(1);
    }
    await fleet.pass(TIMEOUT);
    expect(changesTo('open')).toBe(1);
    expect(await isDone(ofB)).toBe(true);
    const waits = (await Promise.all(ofB.map(endOf))).map(
      ({ attempts }, n) => attempts[0]!.startedAt - addedAt[n]!,
    );
    expect(Math.max(...waits)).toBeLessThanOrEqual(TIMEOUT + 10 * SECOND);
    // With the window and its ramp over, nothing of it is felt.
    expect(Math.max(...waits.slice(45))).toBeLessThanOrEqual(SECOND);
    // What A may call: a row whenever it is let in, and what was under way beside it.
    const bad = fleet.calls.filter((call) => call.class !== 'succeeded').length;
    expect(bad).toBeGreaterThan(2 * ROW);
    expect(bad).toBeLessThanOrEqual((ROW + 8) * (330_000 / TIMEOUT + 1));
  });

  it('does not hide the other behind very many tasks of its own: the host closes in the first windows', async () => {
    await harness.add(ROW, A);
    await fleet.pass(SECOND);
    await harness.add(2000, A);
    const ofB = await harness.add(40, B);
    expect((await harness.circuits.find(HOST)).state).toBe('open');
    await fleet.until(() => changesTo('closed') > 0, 5 * TIMEOUT);
    expect(changesTo('closed')).toBe(1);
    await fleet.pass(TIMEOUT);
    expect(await isDone(ofB)).toBe(true);
  });

  it('is not asked before the other either when its tasks come just then', async () => {
    await harness.add(ROW, A);
    await fleet.pass(20);
    const ofB = await harness.add(PROBES, B);
    clock.advance((await harness.circuits.find(HOST)).nextProbeAt! - clock.now());
    await harness.add(PROBES, A);
    await fleet.pass(SECOND);
    expect([changesTo('open'), changesTo('closed')]).toEqual([1, 1]);
    expect(await isDone(ofB)).toBe(true);
  });

  it('is told that the host is not to blame, and until when it waits', async () => {
    await harness.add(ROW, A);
    await fleet.pass(SECOND);
    await harness.add(PROBES, B);
    await fleet.until(() => changesTo('closed') > 0, 2 * TIMEOUT);
    await harness.add(ROW, A);
    await fleet.pass(SECOND);
    const [held] = await harness.add(1, A);
    const [other] = await harness.add(1, B);
    expect((await endOf(other!)).state).toBe('pending');
    const told = (await harness.reader.explain(held!.id))!;
    expect(told.heldBy).toMatchObject({ kind: 'host', refusal: { reason: 'client_held' } });
    expect(told.eta).toBeGreaterThan(clock.now());
    expect((await harness.circuits.find(HOST)).clientsHeldUntil).toBeGreaterThanOrEqual(told.eta!);
  });

  it('is let in as soon as its tasks succeed again', async () => {
    const tasks = await harness.add(50, A);
    for (let second = 0; second < 120; second++) {
      await harness.add(1, B);
      await fleet.pass(SECOND);
    }
    failing.clear();
    await fleet.pass(10 * 60 * SECOND);
    const ends = await Promise.all(tasks.map(endOf));
    expect(ends.filter(({ state }) => state !== 'completed' && state !== 'dead_letter')).toEqual([]);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'closed', failures: 0 });
    expect(await harness.redis.exists('{tr}:holds')).toBe(0);
  });
});

it('a task that an outage has tried twice does not wait for all of a failing client that were never tried', async () => {
  failing.add(B.clientId);
  await harness.add(ROW, A);
  await fleet.pass(SECOND);
  const ofB = await harness.add(1, B);
  const tried = async () => (await endOf(ofB[0]!)).attempts.length;
  for (let window = 0; (await tried()) < 2; window++) {
    expect(window).toBeLessThan(20);
    await fleet.pass(TIMEOUT);
  }
  await harness.add(400, A);
  failing.delete(B.clientId);
  await fleet.until(() => changesTo('closed') > 0, 12 * TIMEOUT);
  await fleet.pass(TIMEOUT);
  expect(await isDone(ofB)).toBe(true);
});

it('two clients whose tasks always fail do not hide a third one', async () => {
  failing.add(C.clientId);
  await harness.add(ROW, A);
  await fleet.pass(SECOND);
  await harness.add(100, A);
  await harness.add(100, C);
  const ofB = await harness.add(1, B);
  await fleet.until(() => changesTo('closed') > 0, 12 * TIMEOUT);
  await fleet.pass(2 * TIMEOUT);
  expect(await isDone(ofB)).toBe(true);
});

it('without room for a probe none is looked for, however many tasks come and go', async () => {
  await harness.add(ROW, A);
  await fleet.pass(SECOND);
  await harness.add(200, A);
  await harness.add(20, B);
  // The first probes hang.
  takesMs = 60 * SECOND;
  await fleet.pass(TIMEOUT);
  expect((await harness.circuits.find(HOST)).probes).toBe(PROBES);
  const looked = await drawn();
  takesMs = 20;
  for (let turn = 0; turn < 10; turn++) {
    await harness.redis.zadd('{tr}:wakes', clock.now(), `h:${HOST}`);
    await fleet.pass(SECOND);
  }
  expect(await drawn()).toBe(looked);
});

it('a client that cannot be held any more opens the circuit, and the log says so', async () => {
  const logged = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const till = clock.now() + 3600 * SECOND;
  for (let at = 0; at < 10_000; at += 1000) {
    const pairs = Array.from({ length: 1000 }, (_, n) => [`k:client-${at + n} http://other.example`, till]);
    await harness.redis.hset('{tr}:holds', ...pairs.flat());
  }
  await harness.add(1, A);
  await fleet.pass(SECOND);
  await harness.add(1, B);
  await fleet.pass(SECOND);
  await harness.add(ROW, A);
  await fleet.pass(SECOND);
  expect(changesTo('open')).toBe(1);
  expect(logged.mock.calls.flat().join()).toContain('clients are held');
  logged.mockRestore();
});

it('a host that is down for both is asked no more than one that is down for one', async () => {
  failing.add(B.clientId);
  await harness.add(200, A);
  await harness.add(10, B);
  await fleet.pass(SECOND);
  const before = fleet.calls.length;
  const windows = 40;
  await fleet.pass(windows * TIMEOUT);
  expect(fleet.calls.length - before).toBeLessThanOrEqual(PROBES * (windows + 1));
  expect(changesTo('closed')).toBe(0);
  // The few of the other client do not pay for it alone: in so many windows they are tried twice more than others.
  const probes = new Map<string, number>();
  for (const { taskId } of fleet.calls.slice(before)) probes.set(taskId, (probes.get(taskId) ?? 0) + 1);
  expect(Math.max(...probes.values())).toBeLessThanOrEqual(3);
});
