import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { taskOf } from './task-of.js';
import type { QueueUnderTest } from './task-queue-conformance.js';
import type { HostVerdict } from '../../src/task/host-verdict.js';
import type { Settlement } from '../../src/task/settlement.js';
import type { Task } from '../../src/task/task.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const TIMEOUT = 30 * SECOND;
const HOST = 'http://target.example';
const OTHER = { target: { url: 'http://other.example/', method: 'POST', headers: [] } } as const;

const FAILED: HostVerdict = { kind: 'failure', note: '500' };
const WELL: HostVerdict = { kind: 'success' };
const LATER: Settlement = { kind: 'retry', delayMs: HOUR };

/** What the ports `TaskQueue` and `TaskReader` promise of hosts that fail, whoever keeps it. */
export function describeCircuits(name: string, start: () => Promise<QueueUnderTest>): void {
  describe(name, () => {
    let tested: QueueUnderTest;
    beforeEach(async () => {
      tested = await start();
    });
    afterEach(() => tested.stop());

    const found = async ({ id }: Task) => (await tested.reader.find(id))!;
    const stateOf = async (task: Task) => (await found(task)).state;
    const idsOf = (tasks: readonly Task[]) => tasks.map(({ id }) => id).toSorted();

    const without = (tasks: readonly Task[], some: readonly Task[]) =>
      tasks.filter(({ id }) => !idsOf(some).includes(id));

    async function added(count: number, fields: Partial<Task> = {}): Promise<Task[]> {
      const tasks = Array.from({ length: count }, () => taskOf(tested.clock.now(), fields));
      for (const task of tasks) await tested.queue.add(task);
      return tasks;
    }

    async function settleAll(
      tasks: readonly Task[],
      settlement: Settlement,
      verdict: HostVerdict,
    ): Promise<void> {
      for (const task of tasks) await tested.settle(task, settlement, verdict);
    }

    /** Five tasks in a row have failed. */
    async function opened(): Promise<void> {
      await added(5);
      await settleAll(await tested.take(), LATER, FAILED);
    }

    it('holds back the tasks of a host that has failed five times in a row, and of no other', async () => {
      await added(4);
      await settleAll(await tested.take(), LATER, FAILED);
      const [well] = await added(1);
      expect(await stateOf(well!)).toBe('pending');
      await settleAll(await tested.take(), LATER, FAILED);
      const [held] = await added(1);
      const [other] = await added(1, OTHER);
      expect([await stateOf(held!), await stateOf(other!)]).toEqual(['deferred', 'pending']);
      expect(await tested.take()).toEqual([other]);
      expect((await found(held!)).attemptsMade).toBe(0);
    });

    it('counts only failures in a row', async () => {
      for (let n = 0; n < 8; n++) {
        const [task] = await added(1);
        await tested.take();
        await tested.settle(task!, LATER, n % 4 === 3 ? WELL : FAILED);
      }
      const [task] = await added(1);
      expect(await stateOf(task!)).toBe('pending');
    });

    it('says what holds it, and when it is tried again', async () => {
      await opened();
      const at = tested.clock.now() + TIMEOUT;
      const [held] = await added(1);
      const told = (await tested.reader.explain(held!.id))!;
      expect(told.heldBy).toMatchObject({
        kind: 'host',
        name: HOST,
        refusal: { reason: 'circuit_open', at },
      });
      expect([told.state, told.eta, told.parkedAhead]).toEqual(['deferred', at, 0]);
    });

    it('sends three probes when its time has come, and the rest waits for what they say', async () => {
      await opened();
      const tasks = await added(6);
      tested.clock.advance(TIMEOUT - 1);
      expect(await tested.take()).toEqual([]);
      tested.clock.advance(1);
      const probes = await tested.take();
      expect(probes).toHaveLength(3);
      const [held] = without(tasks, probes);
      const { heldBy, eta } = (await tested.reader.explain(held!.id))!;
      const at = tested.clock.now() + TIMEOUT;
      expect(heldBy).toMatchObject({ kind: 'host', refusal: { reason: 'circuit_half_open', at } });
      expect(eta).toBe(at);
      expect(await tested.take()).toEqual([]);
    });

    it('sends the next three when those hang, and what the old ones say then is too late', async () => {
      await opened();
      const tasks = await added(9);
      tested.clock.advance(TIMEOUT);
      const hung = await tested.take();
      tested.clock.advance(TIMEOUT - 1);
      expect(await tested.take()).toEqual([]);
      tested.clock.advance(1);
      const next = await tested.take();
      expect(next).toHaveLength(3);
      await settleAll(hung, { kind: 'complete' }, { kind: 'failure' });
      expect(await tested.take()).toEqual([]);
      await settleAll(next, { kind: 'complete' }, WELL);
      expect(idsOf(await tested.take())).toEqual(idsOf(without(tasks, [...hung, ...next])));
    });

    it('a probe that fails leaves the host alone again; one that got no answer has cost nothing, and others go first', async () => {
      await opened();
      const tasks = await added(6);
      tested.clock.advance(TIMEOUT);
      const probes = await tested.take();
      await settleAll(probes, { kind: 'hand_back' }, { kind: 'failure', note: 'connect_failed' });
      for (const probe of probes) {
        const { state, attemptsMade, attempts } = await found(probe);
        expect([state, attemptsMade, attempts.length]).toEqual(['deferred', 0, 1]);
      }
      tested.clock.advance(TIMEOUT - 1);
      expect(await tested.take()).toEqual([]);
      tested.clock.advance(1);
      expect(idsOf(await tested.take())).toEqual(idsOf(without(tasks, probes)));
    });

    it('lets the rest in step by step when all probes have succeeded', async () => {
      await opened();
      await added(60);
      tested.clock.advance(TIMEOUT);
      await settleAll(await tested.take(), { kind: 'complete' }, WELL);
      const steps: number[] = [];
      for (let second = 0; second < 3; second++) {
        const taken = await tested.take();
        steps.push(taken.length);
        await settleAll(taken, { kind: 'complete' }, WELL);
        expect(await tested.take()).toEqual([]);
        tested.clock.advance(SECOND);
      }
      expect(steps).toEqual([10, 20, 27]);
    });

    it('opens again at five failures in a row while it lets them in, and not at one', async () => {
      await opened();
      await added(60);
      tested.clock.advance(TIMEOUT);
      await settleAll(await tested.take(), { kind: 'complete' }, WELL);
      const [first, ...rest] = await tested.take();
      await tested.settle(first!, LATER, FAILED);
      await settleAll(rest.slice(0, 1), { kind: 'complete' }, WELL);
      await settleAll(rest.slice(1, 5), LATER, FAILED);
      tested.clock.advance(SECOND);
      const [fifth, ...others] = await tested.take();
      expect(others).toHaveLength(19);
      await tested.settle(fifth!, LATER, FAILED);
      await settleAll([...rest.slice(5), ...others], { kind: 'complete' }, WELL);
      tested.clock.advance(TIMEOUT - 1);
      expect(await tested.take()).toEqual([]);
      tested.clock.advance(1);
      expect(await tested.take()).toHaveLength(3);
    });

    it('cancels, edits and lets expire what it holds', async () => {
      await opened();
      const [cancelled, edited] = await added(2);
      const [short] = await added(1, { expiresAt: tested.clock.now() + SECOND });
      expect(await tested.queue.cancel(cancelled!.id)).toBe('cancelled');
      const now = tested.clock.now();
      const after = { ...edited!, ...OTHER };
      const edit = { before: edited!, after, now, isRescheduled: false };
      expect(await tested.queue.edit(edit)).toBe('edited');
      expect(await stateOf(edited!)).toBe('pending');
      tested.clock.advance(SECOND);
      expect(await tested.take()).toEqual([after]);
      expect([await stateOf(cancelled!), await stateOf(short!)]).toEqual(['cancelled', 'expired']);
    });

    it('holds what is run now, and dead letters that are retried', async () => {
      const [dead] = await added(1);
      await tested.take();
      await tested.settle(dead!, { kind: 'dead_letter', reason: 'permanent_failure' }, WELL);
      await opened();
      const [task] = await added(1, { scheduledAt: tested.clock.now() + HOUR });
      expect(await tested.queue.runNow(task!.id)).toBe('due');
      expect(await tested.queue.retry(dead!.id)).toBe('retried');
      expect([await stateOf(task!), await stateOf(dead!)]).toEqual(['deferred', 'deferred']);
      expect(await tested.take()).toEqual([]);
    });

    it('leaves a host alone for as long as it asks for, and a client for as long as that is asked for', async () => {
      const [first] = await added(1);
      await tested.take();
      await tested.settle(first!, LATER, { kind: 'success', holdClientMs: 5 * SECOND });
      const [held] = await added(1);
      const [other] = await added(1, { clientId: 'client-b' });
      expect(await tested.take()).toEqual([other]);
      const { heldBy } = (await tested.reader.explain(held!.id))!;
      const at = tested.clock.now() + 5 * SECOND;
      expect(heldBy).toMatchObject({ kind: 'host', name: HOST, refusal: { reason: 'client_held', at } });
      tested.clock.advance(5 * SECOND);
      expect(await tested.take()).toEqual([held]);
      await tested.settle(held!, LATER, { kind: 'failure', holdHostMs: 7 * SECOND });
      const [all] = await added(1, { clientId: 'client-b' });
      tested.clock.advance(7 * SECOND - 1);
      expect(await tested.take()).toEqual([]);
      tested.clock.advance(1);
      expect(await tested.take()).toEqual([all]);
    });
  });
}
