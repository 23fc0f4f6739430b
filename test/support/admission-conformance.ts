import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { added, replayed } from './adding.js';
import type { QueueUnderTest } from './task-queue-conformance.js';
import { type TaskFields, taskOf } from './task-of.js';
import { type Admission, type AddResult, receiptOf } from '../../src/queue/admission/admission.js';
import { UNRECORDED } from '../../src/queue/admission/admission-rules.js';
import type { AdmissionRules } from './admission-rules.js';
import type { Task } from '../../src/task/task.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const CLIENT = 'client-a';
const FREE: AdmissionRules = { version: 'v1', isEnabled: true, requestsPerMinute: 10 };

const kinds = (added: number, limited: number): string[] => [
  ...Array<string>(added).fill('added'),
  ...Array<string>(limited).fill('rate_limited'),
];

/** What `TaskQueue.add` promises about who may add what, whoever keeps the queue. */
export function describeAdmission(name: string, start: () => Promise<QueueUnderTest>): void {
  describe(name, () => {
    let tested: QueueUnderTest;
    beforeEach(async () => {
      tested = await start();
    });
    afterEach(() => tested.stop());

    const make = (fields: TaskFields = {}) => taskOf(tested.clock.now(), { clientId: CLIENT, ...fields });
    const add = (admission: Admission, task = make()) => tested.queue.add(task, admission);
    const addMany = async (count: number, admission: Admission) => {
      const results = await Promise.all(Array.from({ length: count }, () => add(admission)));
      return results.map(({ kind }) => kind);
    };
    const withKey = (hash: string, fingerprint = 'body', version = UNRECORDED): Admission => ({
      version,
      idempotency: { hash, fingerprint },
    });
    const isStored = async (task: Task) => (await tested.reader.find(task.id)) !== undefined;

    async function refuses(task: Task, admission: Admission, refusal: AddResult): Promise<void> {
      expect(await add(admission, task)).toEqual(refusal);
      expect(await isStored(task)).toBe(false);
    }

    describe('the version of a client', () => {
      it('has to be that of its record, or nothing is stored', async () => {
        await tested.setRules(CLIENT, FREE);
        for (const version of ['v2', UNRECORDED]) await refuses(make(), { version }, { kind: 'stale' });
        expect((await add({ version: 'v1' })).kind).toBe('added');
        await tested.setRules(CLIENT, { ...FREE, version: 'v2' });
        await refuses(make(), { version: 'v1' }, { kind: 'stale' });
      });

      it('of one without a record is none', async () => {
        await refuses(make(), { version: 'v1' }, { kind: 'stale' });
        expect(await add({ version: UNRECORDED })).toMatchObject({ kind: 'added' });
      });

      it('is asked for before a replay is answered, and so is whether it is enabled', async () => {
        const task = make();
        await add({ version: UNRECORDED }, task);
        await tested.setRules(CLIENT, { ...FREE, isEnabled: false });
        expect(await add({ version: UNRECORDED }, task)).toEqual({ kind: 'stale' });
        expect(await add({ version: 'v1' }, task)).toEqual({ kind: 'disabled' });
        await refuses(make(), { version: 'v1' }, { kind: 'disabled' });
      });
    });

    describe('requests per minute', () => {
      const v1 = { version: 'v1' };

      it('are counted for any 60 seconds, and one that is refused does not count', async () => {
        await tested.setRules(CLIENT, FREE);
        expect(await addMany(4, v1)).toEqual(Array(4).fill('added'));
        tested.clock.advance(20_000);
        expect(await addMany(10, v1)).toEqual(kinds(6, 4));
        tested.clock.advance(MINUTE - 20_000 - 1);
        expect(await addMany(3, v1)).toEqual(Array(3).fill('rate_limited'));
        tested.clock.advance(1);
        expect(await addMany(6, v1)).toEqual(kinds(4, 2));
        tested.clock.advance(20_000);
        expect(await addMany(7, v1)).toEqual(kinds(6, 1));
      });

      it('are told: how many remain, and when there are more again', async () => {
        await tested.setRules(CLIENT, { ...FREE, requestsPerMinute: 2 });
        const quota = (remaining: number, resetMs: number) => ({ quota: { limit: 2, remaining, resetMs } });
        expect(await add(v1)).toMatchObject({ kind: 'added', ...quota(1, MINUTE) });
        tested.clock.advance(15_000);
        expect(await add(v1)).toMatchObject({ kind: 'added', ...quota(0, 45_000) });
        tested.clock.advance(5000);
        const task = make();
        await refuses(task, v1, { kind: 'rate_limited', ...quota(0, 40_000) });
        tested.clock.advance(40_000);
        expect(await add(v1, task)).toMatchObject({ kind: 'added', ...quota(0, 15_000) });
      });

      it('of a limit that was lowered wait until so many are too old', async () => {
        await tested.setRules(CLIENT, FREE);
        for (let n = 0; n < 10; n++) {
          await add(v1);
          tested.clock.advance(1000);
        }
        await tested.setRules(CLIENT, { ...FREE, version: 'v2', requestsPerMinute: 3 });
        const refusal = await add({ version: 'v2' });
        expect(refusal).toMatchObject({ quota: { limit: 3, remaining: 0, resetMs: 57_000 } });
        tested.clock.advance(56_999);
        expect((await add({ version: 'v2' })).kind).toBe('rate_limited');
        tested.clock.advance(1);
        expect(await add({ version: 'v2' })).toMatchObject({ kind: 'added', quota: { remaining: 0 } });
      });

      it('are of each client by itself, and a replay is none', async () => {
        await tested.setRules(CLIENT, { ...FREE, requestsPerMinute: 1 });
        await tested.setRules('client-b', { ...FREE, requestsPerMinute: 1 });
        const task = make();
        expect((await add(v1, task)).kind).toBe('added');
        const again = await add(v1, task);
        expect(again).toMatchObject({ kind: 'replayed', quota: { limit: 1, remaining: 0, resetMs: MINUTE } });
        expect((await add(v1)).kind).toBe('rate_limited');
        expect((await add(v1, make({ clientId: 'client-b' }))).kind).toBe('added');
      });
    });

    describe('an idempotency key', () => {
      it('is answered the same again, whatever has become of the task', async () => {
        const task = make({ queue: 'low', lane: 'low' });
        expect((await add(withKey('k'), task)).kind).toBe('added');
        const again = { kind: 'replayed', receipt: receiptOf(task) };
        expect(await add(withKey('k'), make({ createdAt: 1 }))).toEqual(again);
        await tested.queue.cancel(task.id);
        tested.clock.advance(DAY - 1);
        expect(await add(withKey('k'), make())).toEqual(again);
      });

      it('is a conflict with another request, and stores nothing', async () => {
        await add(withKey('k', 'body'));
        await refuses(make(), withKey('k', 'other'), { kind: 'conflict' });
        expect((await add(withKey('k2', 'other'))).kind).toBe('added');
      });

      it('comes before the id that the caller chose, and learns its answer from it', async () => {
        const task = make();
        await add({ version: UNRECORDED }, task);
        expect(await add(withKey('k'), task)).toMatchObject({ kind: 'replayed', receipt: { id: task.id } });
        const answer = await add(withKey('k'), make());
        expect(answer).toEqual({ kind: 'replayed', receipt: receiptOf(task) });
      });

      it('used many times at once stores one task', async () => {
        const tasks = Array.from({ length: 50 }, () => make());
        const results = await Promise.all(tasks.map((task) => add(withKey('k'), task)));
        expect(results.filter(({ kind }) => kind === 'added')).toHaveLength(1);
        expect(new Set(results.map((result) => 'receipt' in result && result.receipt.id)).size).toBe(1);
        expect(await tested.take()).toHaveLength(1);
      });

      it('of a request that was refused is still free', async () => {
        await tested.setRules(CLIENT, { ...FREE, requestsPerMinute: 1 });
        await add({ version: 'v1' });
        expect((await add(withKey('k', 'body', 'v1'))).kind).toBe('rate_limited');
        tested.clock.advance(MINUTE);
        expect((await add(withKey('k', 'other', 'v1'))).kind).toBe('added');
      });
    });

    describe('what speaks against a request', () => {
      const rules = { version: 'v1', isEnabled: true, requestsPerMinute: 1, maxAlive: 1 };

      it('is asked in this order: sent before, no room, too many requests', async () => {
        await tested.setRules(CLIENT, rules);
        const first = make();
        expect((await add({ version: 'v1' }, first)).kind).toBe('added');
        // All three are so of this one, and then one less each.
        expect((await add({ version: 'v1' }, first)).kind).toBe('replayed');
        expect(await add({ version: 'v1' })).toEqual({ kind: 'full', what: 'client' });
        await tested.queue.cancel(first.id);
        expect((await add({ version: 'v1' })).kind).toBe('rate_limited');
        tested.clock.advance(MINUTE);
        expect((await add({ version: 'v1' })).kind).toBe('added');
      });

      it('takes nothing of its requests per minute', async () => {
        await tested.setRules(CLIENT, { ...rules, requestsPerMinute: 3, maxAlive: 2 });
        const [first] = [make(), await add(withKey('k', 'body', 'v1'))];
        await add({ version: 'v1' }, first);
        expect(await addMany(5, { version: 'v1' })).toEqual(Array(5).fill('full'));
        expect((await add(withKey('k', 'other', 'v1'))).kind).toBe('conflict');
        expect((await add({ version: 'v0' })).kind).toBe('stale');
        await tested.setRules(CLIENT, { ...rules, isEnabled: false });
        expect((await add({ version: 'v1' })).kind).toBe('disabled');
        await tested.setRules(CLIENT, { ...rules, requestsPerMinute: 3, maxAlive: 2 });
        await tested.queue.cancel(first.id);
        expect(await add({ version: 'v1' })).toMatchObject({ kind: 'added', quota: { remaining: 0 } });
      });
    });

    describe('how many of a client may be alive', () => {
      it('counts those that have not ended, and not more', async () => {
        await tested.setRules(CLIENT, { version: 'v1', isEnabled: true, maxAlive: 3 });
        const first = make();
        await add({ version: 'v1' }, first);
        expect(await addMany(4, { version: 'v1' })).toEqual(['added', 'added', 'full', 'full']);
        await refuses(make({ delayMs: MINUTE }), { version: 'v1' }, { kind: 'full', what: 'client' });
        expect((await add({ version: 'v1' }, first)).kind).toBe('replayed');
        await tested.queue.cancel(first.id);
        expect(await addMany(2, { version: 'v1' })).toEqual(['added', 'full']);
        for (const task of await tested.take()) await tested.settle(task, { kind: 'complete' });
        expect(await addMany(4, { version: 'v1' })).toEqual(['added', 'added', 'added', 'full']);
      });
    });

    describe('a dead letter of a client that has as many alive as it may', () => {
      it('is retried when there is room', async () => {
        await tested.setRules(CLIENT, { version: 'v1', isEnabled: true, maxAlive: 1 });
        const dead = make();
        await add({ version: 'v1' }, dead);
        await tested.take();
        await tested.settle(dead, { kind: 'dead_letter', reason: 'permanent_failure' });
        const other = make();
        await add({ version: 'v1' }, other);
        expect(await tested.queue.retry(dead.id)).toEqual({ kind: 'full', what: 'client' });
        await tested.queue.cancel(other.id);
        expect(await tested.queue.retry(dead.id)).toBe('retried');
        expect(await addMany(1, { version: 'v1' })).toEqual(['full']);
      });
    });

    describe('all or none', () => {
      const v1 = { version: 'v1' };
      const addAll = async (tasks: Task[], admission: Admission = v1) =>
        await tested.queue.addAllOrNone(tasks.map((task) => ({ task, admission })));

      it('of them are none when one is refused, and count for nothing', async () => {
        await tested.setRules(CLIENT, { ...FREE, requestsPerMinute: 3 });
        const tasks = Array.from({ length: 4 }, () => make());
        const results = (await addAll(tasks)).map(({ kind }) => kind);
        expect(results).toEqual([...Array<string>(3).fill('skipped'), 'rate_limited']);
        for (const task of tasks) expect(await isStored(task)).toBe(false);
        expect((await addAll(tasks.slice(1))).map(({ kind }) => kind)).toEqual(Array(3).fill('added'));
        expect((await addAll(tasks.slice(1))).map(({ kind }) => kind)).toEqual(Array(3).fill('replayed'));
        expect(await addAll([])).toEqual([]);
      });

      it('of them know the ids and the keys of each other', async () => {
        const [task, other] = [make(), make()];
        const keyed = [task, other].map((each) => ({ task: each, admission: withKey('k') }));
        const again = { kind: 'replayed', receipt: receiptOf(task) };
        expect(await tested.queue.addAllOrNone(keyed)).toEqual([added(task), again]);
        expect(await addAll([other, other], { version: UNRECORDED })).toEqual([
          added(other),
          replayed(other),
        ]);
      });
    });

    describe('a request that is sent again and could not be stored any more', () => {
      const replay = (id: string | undefined, admission: Admission) =>
        tested.queue.replay({ clientId: CLIENT, id, admission });

      it('is found by its key, and by its id', async () => {
        const task = make();
        await add(withKey('k'), task);
        for (const found of [
          await replay(undefined, withKey('k')),
          await replay(task.id, withKey('other')),
          await replay(task.id, { version: UNRECORDED }),
        ])
          expect(found).toEqual(replayed(task));
      });

      it('is not found when it was never stored, and is told what speaks against it', async () => {
        expect(await replay(undefined, withKey('k'))).toBeUndefined();
        expect(await replay('client-a.nothing', { version: UNRECORDED })).toBeUndefined();
        await add(withKey('k'));
        expect(await replay(undefined, withKey('k', 'other'))).toEqual({ kind: 'conflict' });
        expect(await replay(undefined, withKey('k', 'body', 'v1'))).toEqual({ kind: 'stale' });
        await tested.setRules(CLIENT, { ...FREE, isEnabled: false });
        expect(await replay(undefined, withKey('k', 'body', 'v1'))).toEqual({ kind: 'disabled' });
      });
    });
  });
}
