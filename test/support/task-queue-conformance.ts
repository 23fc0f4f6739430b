import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { added as wasAdded, replayed } from './adding.js';
import type { ManualClock } from './manual-clock.js';
import { taskOf } from './task-of.js';
import type { HostVerdict } from '../../src/task/host-verdict.js';
import { LANES } from '../../src/task/lane.js';
import type { Settlement } from '../../src/task/settlement.js';
import { isFinal, type TaskState } from '../../src/task/task-state.js';
import type { Task } from '../../src/task/task.js';
import type { AdmissionRules } from './admission-rules.js';
import type { TaskEdit, TaskQueue } from '../../src/queue/task-queue.js';
import type { TaskReader } from '../../src/queue/task-reader.js';

/** A queue, and what else happens to it in these tests. */
export interface QueueUnderTest {
  readonly queue: TaskQueue;
  readonly reader: TaskReader;
  readonly clock: ManualClock;
  /** A worker takes everything that may start. */
  take(): Promise<readonly Task[]>;
  /** It tells what has become of one of them, and what that says of its host. */
  settle(task: Task, settlement: Settlement, verdict?: HostVerdict): Promise<void>;
  /** Nothing of this client may start. */
  shutClient(clientId: string): Promise<void>;
  /** What its record says of this client from now on. */
  setRules(clientId: string, rules: AdmissionRules): Promise<void>;
  stop(): Promise<void>;
}

const HOUR = 3_600_000;
const SHUT = 'shut-client';
const DEAD = { kind: 'dead_letter', reason: 'permanent_failure' } as const;

/** What the ports `TaskQueue` and `TaskReader` promise, whoever keeps it. */
export function describeTaskQueue(name: string, start: () => Promise<QueueUnderTest>): void {
  describe(name, () => {
    let tested: QueueUnderTest;
    beforeEach(async () => {
      tested = await start();
      await tested.shutClient(SHUT);
    });
    afterEach(() => tested.stop());

    const stateOf = async ({ id }: Task) => (await tested.reader.find(id))?.state;

    async function added(fields: Partial<Task> & { delayMs?: number } = {}): Promise<Task> {
      const task = taskOf(tested.clock.now(), fields);
      expect(await tested.queue.add(task)).toEqual(wasAdded(task));
      return task;
    }

    async function settled(settlement: Settlement): Promise<Task> {
      const task = await added();
      await tested.take();
      await tested.settle(task, settlement);
      return task;
    }

    const waysInto: Record<TaskState, () => Promise<Task>> = {
      scheduled: () => added({ delayMs: HOUR }),
      pending: () => added(),
      deferred: () => added({ clientId: SHUT }),
      running: async () => {
        const task = await added();
        await tested.take();
        return task;
      },
      retrying: () => settled({ kind: 'retry', delayMs: HOUR }),
      completed: () => settled({ kind: 'complete' }),
      dead_letter: () => settled(DEAD),
      expired: () => settled({ kind: 'expire' }),
      cancelled: async () => {
        const task = await added();
        await tested.queue.cancel(task.id);
        return task;
      },
    };
    const STATES = Object.keys(waysInto) as TaskState[];

    async function taskIn(state: TaskState): Promise<Task> {
      const task = await waysInto[state]();
      expect(await stateOf(task)).toBe(state);
      return task;
    }

    const edited = async (before: Task, fields: Partial<Task>, options: Partial<TaskEdit> = {}) => {
      const edit = { before, after: { ...before, ...fields }, now: tested.clock.now(), isRescheduled: false };
      return tested.queue.edit({ ...edit, ...options });
    };

    describe('add', () => {
      it.each(STATES)('answers an id that is taken with the task that has it, which is %s', async (state) => {
        const task = await taskIn(state);
        const again = taskOf(tested.clock.now(), { id: task.id, lane: 'low', maxRetries: 77 });
        expect(await tested.queue.add(again)).toEqual(replayed(task));
        expect(await stateOf(task)).toBe(state);
      });

      it('of the same id twice at once stores the first one only', async () => {
        const [one, other] = [
          taskOf(tested.clock.now(), { id: 'same' }),
          taskOf(0, { id: 'same', lane: 'low' }),
        ];
        const results = await Promise.all([tested.queue.add(one), tested.queue.add(other)]);
        expect(results).toEqual([wasAdded(one), replayed(one)]);
        expect(await tested.take()).toEqual([one]);
      });
    });

    describe('find', () => {
      it('gives the task as it was added, and nothing of an id that nobody has', async () => {
        const task = await added({ metadata: { order: '7' }, expiresAt: tested.clock.now() + HOUR });
        expect(await tested.reader.find(task.id)).toEqual({
          task,
          stored: task,
          state: 'pending',
          attemptsMade: 0,
          attempts: [],
        });
        expect(await tested.reader.find('nobody')).toBeUndefined();
      });

      it('says when the next attempt is due while a time is waited for, and only then', async () => {
        for (const state of STATES) {
          const { nextAttemptAt } = (await tested.reader.find((await taskIn(state)).id))!;
          const waits = state === 'scheduled' || state === 'retrying';
          expect(nextAttemptAt, state).toBe(waits ? tested.clock.now() + HOUR : undefined);
        }
      });

      it('says when and why it ended', async () => {
        for (const state of STATES) {
          const { finishedAt, deadLetterReason } = (await tested.reader.find((await taskIn(state)).id))!;
          expect(finishedAt, state).toBe(isFinal(state) ? tested.clock.now() : undefined);
          expect(deadLetterReason, state).toBe(state === 'dead_letter' ? 'permanent_failure' : undefined);
        }
      });

      it('has every attempt, oldest first, and counts those that were cut off apart', async () => {
        const task = await added();
        const endings: Settlement[] = [
          { kind: 'retry', delayMs: 10 },
          { kind: 'hand_back' },
          { kind: 'complete' },
        ];
        for (const ending of endings) {
          tested.clock.advance(10);
          expect(await tested.take()).toEqual([task]);
          await tested.settle(task, ending);
        }
        const { attemptsMade, attempts } = (await tested.reader.find(task.id))!;
        expect(attemptsMade).toBe(2);
        expect(attempts.map(({ class: outcome }) => outcome)).toEqual([
          'rejected',
          'interrupted',
          'succeeded',
        ]);
      });
    });

    describe('cancel', () => {
      const results = {
        running: 'aborting',
        completed: 'finished',
        dead_letter: 'finished',
        expired: 'finished',
      };
      it.each(STATES.filter((state) => state !== 'cancelled'))('of a task that is %s', async (state) => {
        const task = await taskIn(state);
        const expected = (results as Partial<Record<TaskState, string>>)[state] ?? 'cancelled';
        expect(await tested.queue.cancel(task.id)).toBe(expected);
        expect(await stateOf(task)).toBe(expected === 'cancelled' ? 'cancelled' : state);
        tested.clock.advance(2 * HOUR);
        expect(await tested.take()).toEqual([]);
      });

      it('holds when it is asked for again, and of what nobody has', async () => {
        expect(await tested.queue.cancel((await taskIn('cancelled')).id)).toBe('finished');
        expect(await tested.queue.cancel('nobody')).toBe('unknown');
      });

      it.each([{ kind: 'retry', delayMs: 1 }, { kind: 'hand_back' }] satisfies Settlement[])(
        'of a running task holds although its attempt ends in $kind',
        async (settlement) => {
          const task = await taskIn('running');
          await tested.queue.cancel(task.id);
          await tested.settle(task, settlement);
          expect(await stateOf(task)).toBe('cancelled');
        },
      );

      it('comes too late for an attempt that succeeds', async () => {
        const task = await taskIn('running');
        await tested.queue.cancel(task.id);
        await tested.settle(task, { kind: 'complete' });
        expect(await stateOf(task)).toBe('completed');
      });
    });

    describe('runNow', () => {
      it.each(STATES)('of a task that is %s', async (state) => {
        const task = await taskIn(state);
        expect(await tested.queue.runNow(task.id)).toBe(isFinal(state) ? 'finished' : 'due');
        const waited = state === 'scheduled' || state === 'retrying';
        expect(await stateOf(task)).toBe(waited ? 'pending' : state);
        const runs = waited || state === 'pending';
        expect(await tested.take()).toEqual(runs ? [task] : []);
      });

      it('does not get a task past its gate, and knows nobody', async () => {
        const task = await added({ clientId: SHUT, delayMs: HOUR });
        expect(await tested.queue.runNow(task.id)).toBe('due');
        expect(await stateOf(task)).toBe('deferred');
        expect(await tested.queue.runNow('nobody')).toBe('unknown');
      });
    });

    describe('retry', () => {
      it.each(STATES.filter((state) => state !== 'dead_letter'))(
        'leaves a task alone that is %s',
        async (state) => {
          const task = await taskIn(state);
          expect(await tested.queue.retry(task.id)).toBe('not_dead');
          expect(await stateOf(task)).toBe(state);
        },
      );

      it('gives a dead letter all its attempts again, and keeps those it had', async () => {
        const task = await taskIn('dead_letter');
        expect(await tested.queue.retry(task.id)).toBe('retried');
        const found = await tested.reader.find(task.id);
        expect(found).toMatchObject({ state: 'pending', attemptsMade: 0 });
        expect(found).not.toHaveProperty('finishedAt');
        expect(found?.attempts).toHaveLength(1);
        expect(await tested.take()).toEqual([task]);
        expect(await tested.queue.retry('nobody')).toBe('unknown');
      });

      it.each([
        [{ kind: 'retry', delayMs: 1 }, 'dead_letter', 'canary_failed'],
        [{ kind: 'complete' }, 'completed', undefined],
        [{ kind: 'hand_back' }, 'pending', undefined],
      ] satisfies [Settlement, TaskState, string | undefined][])(
        'of a canary gives it one attempt: %j',
        async (settlement, state, reason) => {
          const task = await taskIn('dead_letter');
          expect(await tested.queue.retry(task.id, { isCanary: true })).toBe('retried');
          await tested.take();
          await tested.settle(task, settlement);
          const found = await tested.reader.find(task.id);
          expect([found?.state, found?.deadLetterReason]).toEqual([state, reason]);
          if (state !== 'dead_letter') return;
          // Whoever retries it afterwards gives it all its attempts.
          await tested.queue.retry(task.id);
          await tested.take();
          await tested.settle(task, { kind: 'retry', delayMs: HOUR });
          expect(await stateOf(task)).toBe('retrying');
        },
      );

      it('comes too late for one that has expired', async () => {
        const task = await added({ expiresAt: tested.clock.now() + HOUR });
        await tested.take();
        await tested.settle(task, DEAD);
        tested.clock.advance(HOUR);
        expect(await tested.queue.retry(task.id)).toBe('too_late');
        expect(await stateOf(task)).toBe('dead_letter');
      });
    });

    describe('editDeadLetter', () => {
      const editDead = (before: Task, changes: Partial<Task>, isRetried: boolean) => {
        const after = { ...before, ...changes };
        return tested.queue.editDeadLetter({ before, after, now: tested.clock.now(), isRetried });
      };

      it.each(STATES.filter((state) => state !== 'dead_letter'))(
        'leaves a task alone that is %s',
        async (state) => {
          const task = await taskIn(state);
          expect(await editDead(task, { maxRetries: 9 }, true)).toBe('not_dead');
          expect(await tested.reader.find(task.id)).toMatchObject({ state, task });
        },
      );

      it('makes it another one, which is retried in the same step or stays dead', async () => {
        const task = await taskIn('dead_letter');
        expect(await editDead(task, { maxRetries: 8 }, false)).toBe('edited');
        expect(await stateOf(task)).toBe('dead_letter');
        expect(await editDead(task, { maxRetries: 7 }, true)).toBe('changed');
        const edited = { ...task, maxRetries: 8 };
        const target = { ...task.target, url: 'http://other.example/mended' };
        expect(await editDead(edited, { target }, true)).toBe('retried');
        expect((await tested.reader.find(task.id))?.attempts).toHaveLength(1);
        expect(await tested.take()).toEqual([{ ...edited, target }]);
        expect(await editDead(taskOf(0, { id: 'nobody' }), {}, true)).toBe('unknown');
      });

      it('changes nothing of one that would be too late then, and gives one more time that was', async () => {
        const task = await taskIn('dead_letter');
        const expiresAt = tested.clock.now() + HOUR;
        expect(await editDead(task, { expiresAt: tested.clock.now() - 1 }, true)).toBe('too_late');
        expect(await tested.reader.find(task.id)).toMatchObject({ state: 'dead_letter', task });
        expect(await editDead(task, { expiresAt }, false)).toBe('edited');
        tested.clock.advance(HOUR);
        expect(await tested.queue.retry(task.id)).toBe('too_late');
        const later = { expiresAt: expiresAt + HOUR };
        expect(await editDead({ ...task, expiresAt }, later, true)).toBe('retried');
      });
    });

    describe('deleteDeadLetter', () => {
      it.each(STATES.filter((state) => state !== 'dead_letter'))(
        'leaves a task alone that is %s',
        async (state) => {
          const task = await taskIn(state);
          expect(await tested.queue.deleteDeadLetter(task.id)).toBe('not_dead');
          expect(await stateOf(task)).toBe(state);
        },
      );

      it('leaves nothing of a dead letter, whose id is free again', async () => {
        const task = await taskIn('dead_letter');
        expect(await tested.queue.deleteDeadLetter(task.id)).toBe('deleted');
        expect(await tested.reader.find(task.id)).toBeUndefined();
        expect((await tested.reader.list({ filter: {}, limit: 10 })).tasks).toEqual([]);
        expect(await tested.queue.deleteDeadLetter(task.id)).toBe('unknown');
        expect(await tested.queue.add(task)).toEqual(wasAdded(task));
        expect(await stateOf(task)).toBe('pending');
      });
    });

    describe('edit', () => {
      const results: Record<TaskState, string> = {
        scheduled: 'edited',
        pending: 'edited',
        deferred: 'edited',
        running: 'started',
        retrying: 'started',
        completed: 'finished',
        cancelled: 'finished',
        expired: 'finished',
        dead_letter: 'finished',
      };
      it.each(STATES)('of a task that is %s', async (state) => {
        const task = await taskIn(state);
        expect(await edited(task, { maxRetries: 9 })).toBe(results[state]);
        const { task: stored } = (await tested.reader.find(task.id))!;
        expect(stored.maxRetries).toBe(results[state] === 'edited' ? 9 : task.maxRetries);
        expect(await stateOf(task)).toBe(state);
      });

      it('moves a task to when it is due then', async () => {
        const task = await taskIn('pending');
        const scheduledAt = tested.clock.now() + HOUR;
        expect(await edited(task, { scheduledAt }, { isRescheduled: true })).toBe('edited');
        expect(await tested.reader.find(task.id)).toMatchObject({
          state: 'scheduled',
          nextAttemptAt: scheduledAt,
        });
        expect(await tested.take()).toEqual([]);
        tested.clock.advance(HOUR);
        expect(await tested.take()).toEqual([{ ...task, scheduledAt }]);
      });

      it('replaces nothing that somebody else has changed since, and nothing of nobody', async () => {
        const task = await taskIn('scheduled');
        expect(await edited(task, { maxRetries: 1 })).toBe('edited');
        expect(await edited(task, { maxRetries: 2 })).toBe('changed');
        expect((await tested.reader.find(task.id))?.task.maxRetries).toBe(1);
        expect(await edited(taskOf(0, { id: 'nobody' }), {})).toBe('unknown');
      });

      it('is over when a dead letter that is retried has run before', async () => {
        const task = await taskIn('dead_letter');
        await tested.queue.retry(task.id);
        expect(await edited(task, { maxRetries: 9 })).toBe('started');
      });
    });

    describe('ownerOf', () => {
      it('says whose a task is, also when it has ended, and knows nobody for an id that nobody has', async () => {
        for (const lane of LANES) {
          const task = await added({ id: randomUUID(), clientId: `owner-${lane}`, lane, queue: 'c-named' });
          expect(await tested.reader.ownerOf(task.id)).toBe(`owner-${lane}`);
          await tested.queue.cancel(task.id);
          expect(await tested.reader.ownerOf(task.id)).toBe(`owner-${lane}`);
        }
        expect(await tested.reader.ownerOf(randomUUID())).toBeUndefined();
      });
    });

    describe('explain', () => {
      it.each(STATES)('of a task that is %s', async (state) => {
        const { id } = await taskIn(state);
        const told = (await tested.reader.explain(id))!;
        expect(told).toMatchObject({ state, lane: 'default' });
        expect(told.gates.length > 0).toBe(!isFinal(state));
        const due = state === 'scheduled' || state === 'retrying' ? tested.clock.now() + HOUR : undefined;
        expect([told.dueAt, told.eta]).toEqual([due, due]);
        const held = { kind: 'client', name: SHUT, refusal: { reason: 'shut' } };
        if (state === 'deferred') expect(told.heldBy).toMatchObject(held);
        else expect(told.heldBy).toBeUndefined();
      });

      it('counts who goes first, and knows nobody', async () => {
        const [, , pending] = [await added(), await added({ lane: 'low' }), await added()];
        await taskIn('deferred');
        tested.clock.advance(1);
        const deferred = await taskIn('deferred');
        expect((await tested.reader.explain(pending.id))?.waitingAheadInLane).toBe(1);
        expect((await tested.reader.explain(deferred.id))?.parkedAhead).toBe(1);
        expect(await tested.reader.explain('nobody')).toBeUndefined();
      });
    });

    it('lets expire what nobody has started in time', async () => {
      const task = await added({ expiresAt: tested.clock.now() + HOUR });
      tested.clock.advance(HOUR);
      expect(await tested.take()).toEqual([]);
      expect(await stateOf(task)).toBe('expired');
    });
  });
}
