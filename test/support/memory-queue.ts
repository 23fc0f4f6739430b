import type { Addition, Admission, AddResult, SentAgain } from '../../src/queue/admission/admission.js';
import type { AdmissionRules } from './admission-rules.js';
import type { GateVerdict, TaskExplanation } from '../../src/queue/explanation.js';
import type { QueueClock } from '../../src/queue/queue-clock.js';
import {
  type Cancelled,
  type DeadLetterEdit,
  type DeadLetterEdited,
  type Edited,
  type Retried,
  type RetryHow,
  type TaskEdit,
  TaskQueue,
} from '../../src/queue/task-queue.js';
import type { TaskListQuery } from '../../src/queue/search/task-list.js';
import type { TaskPage, TaskReader, TaskSnapshot } from '../../src/queue/task-reader.js';
import type { Handled } from '../../src/queue/task-handler.js';
import type { Attempt } from '../../src/task/attempt.js';
import type { Settlement } from '../../src/task/settlement.js';
import { MemoryAdmission } from './memory-admission.js';
import { isFinal, type TaskState } from '../../src/task/task-state.js';
import { clientInId } from '../../src/task/task-id.js';
import type { Task } from '../../src/task/task.js';
import { listInMemory } from './memory-list.js';
import { hostOf, MemoryCircuits } from './memory-circuits.js';

interface Stored {
  task: Task;
  due: number;
  attemptsMade: number;
  readonly attempts: Attempt[];
  isRunning: boolean;
  begunAt: number;
  probeOf?: number | undefined;
  isCancelled: boolean;
  isCanary?: boolean;
  ended?: { readonly state: TaskState; readonly at: number; readonly reason: string };
}

const ENDINGS = { complete: 'completed', dead_letter: 'dead_letter', expire: 'expired' } as const;

/**
 * Both ports in memory: what they promise, without Redis. It has two kinds of gates, clients that are shut and circuits of
 * hosts. The conformance suites hold it equal to the real queue.
 */
export class MemoryQueue extends TaskQueue implements TaskReader {
  private readonly tasks = new Map<string, Stored>();
  private readonly shut = new Set<string>();
  private readonly circuits = new MemoryCircuits(() => this.clock.now());
  private readonly door = new MemoryAdmission();

  constructor(private readonly clock: QueueClock) {
    super();
  }

  override async add(task: Task, admission?: Admission): Promise<AddResult> {
    const [result] = await this.addAllOrNone([{ task, admission }]);
    return result!;
  }

  override replay({ clientId, id = '', admission }: SentAgain): Promise<AddResult | undefined> {
    const result = this.door.replayed(clientId, admission, this.tasks.get(id)?.task, this.clock.now());
    return Promise.resolve(result);
  }

  override addAllOrNone(additions: readonly Addition[]): Promise<readonly AddResult[]> {
    const results = this.door.judgeAll(additions, {
      now: this.clock.now(),
      stored: (id) => this.tasks.get(id)?.task,
      alive: this.alive(),
    });
    for (const [at, { task }] of additions.entries()) if (results[at]?.kind === 'added') this.store(task);
    return Promise.resolve(results);
  }

  private alive(): Task[] {
    return [...this.tasks.values()].filter(({ ended }) => !ended).map(({ task }) => task);
  }

  private store(task: Task): void {
    const fresh = { attemptsMade: 0, attempts: [], isRunning: false, begunAt: 0, isCancelled: false };
    this.tasks.set(task.id, { task, due: task.scheduledAt, ...fresh });
  }

  override cancel(id: string): Promise<Cancelled> {
    return this.with(id, (stored, state) => {
      if (isFinal(state)) return 'finished';
      stored.isCancelled = true;
      if (stored.isRunning) return 'aborting';
      this.end(stored, 'cancelled');
      return 'cancelled';
    });
  }

  override runNow(id: string): Promise<'due' | 'finished' | 'unknown'> {
    return this.with(id, (stored, state) => {
      if (isFinal(state)) return 'finished';
      if (!stored.isRunning) stored.due = Math.min(stored.due, this.clock.now());
      return 'due';
    });
  }

  override retry(id: string, { isCanary = false }: RetryHow = {}): Promise<Retried> {
    return this.with<Retried>(id, (stored, state) => {
      if (state !== 'dead_letter') return 'not_dead';
      if (this.hasExpired(stored)) return 'too_late';
      const full = this.door.full(stored.task.clientId, this.alive());
      if (full) return full;
      Object.assign(stored, { due: this.clock.now(), attemptsMade: 0, isCancelled: false, isCanary });
      delete stored.ended;
      return 'retried';
    });
  }

  override async editDeadLetter({ before, after, isRetried }: DeadLetterEdit): Promise<DeadLetterEdited> {
    const stored = this.tasks.get(after.id);
    if (!stored) return 'unknown';
    if (this.stateOf(stored) !== 'dead_letter') return 'not_dead';
    if (JSON.stringify(stored.task) !== JSON.stringify(before)) return 'changed';
    stored.task = after;
    const result = isRetried ? await this.retry(after.id) : 'edited';
    if (result !== 'edited' && result !== 'retried') stored.task = before;
    return result;
  }

  override deleteDeadLetter(id: string): Promise<'deleted' | 'not_dead' | 'unknown'> {
    return this.with(id, (_stored, state) => {
      if (state !== 'dead_letter') return 'not_dead';
      this.tasks.delete(id);
      return 'deleted';
    });
  }

  override deleteEnded(id: string): Promise<'deleted' | 'not_ended' | 'unknown'> {
    return this.with(id, (_stored, state) => {
      if (!isFinal(state)) return 'not_ended';
      this.tasks.delete(id);
      return 'deleted';
    });
  }

  override edit({ before, after, isRescheduled }: TaskEdit): Promise<Edited> {
    return this.with(after.id, (stored, state) => {
      if (isFinal(state)) return 'finished';
      if (stored.isRunning || stored.attempts.length > 0) return 'started';
      if (JSON.stringify(stored.task) !== JSON.stringify(before)) return 'changed';
      stored.task = after;
      if (isRescheduled) stored.due = after.scheduledAt;
      return 'edited';
    });
  }

  find(id: string): Promise<TaskSnapshot | undefined> {
    const stored = this.tasks.get(id);
    if (!stored) return Promise.resolve(undefined);
    const { task, attemptsMade, attempts, due, ended } = stored;
    const state = this.stateOf(stored);
    return Promise.resolve({
      task,
      stored: task,
      state,
      attemptsMade,
      attempts,
      ...(waitsForTime(state) && { nextAttemptAt: due }),
      ...(ended && { finishedAt: ended.at }),
      ...(state === 'dead_letter' && { deadLetterReason: ended?.reason ?? '' }),
    });
  }

  async list(query: TaskListQuery): Promise<TaskPage> {
    const all = await Promise.all([...this.tasks.keys()].map((id) => this.find(id)));
    return listInMemory(all.filter((each) => each !== undefined).map(lastOnly), query);
  }

  listLength(): Promise<number> {
    return Promise.resolve(this.tasks.size);
  }

  ownerOf(id: string): Promise<string | undefined> {
    return Promise.resolve(clientInId(id) ?? this.tasks.get(id)?.task.clientId);
  }

  explain(id: string): Promise<TaskExplanation | undefined> {
    const stored = this.tasks.get(id);
    if (!stored) return Promise.resolve(undefined);
    const state = this.stateOf(stored);
    const gates = isFinal(state) ? [] : [this.verdictOn(stored), this.verdictOfHost(stored)];
    return Promise.resolve({
      ...{ state, lane: stored.task.lane, slots: 0, gates, ...this.placeOf(stored, state, gates) },
      ...(waitsForTime(state) && { dueAt: stored.due, eta: stored.due }),
    });
  }

  private placeOf(
    stored: Stored,
    state: TaskState,
    gates: readonly GateVerdict[],
  ): Pick<TaskExplanation, 'heldBy' | 'parkedAhead' | 'waitingAheadInLane' | 'eta'> {
    const ahead = this.aheadOf(stored, state);
    if (state === 'pending') return { waitingAheadInLane: ahead };
    const heldBy = gates.find(({ refusal }) => refusal);
    if (state !== 'deferred' || !heldBy) return {};
    const eta = heldBy.refusal?.at;
    return { heldBy, parkedAhead: ahead, ...(eta !== undefined && { eta }) };
  }

  /** A worker takes everything that may start, what was tried least first, and of such the oldest. */
  take(): Task[] {
    const waiting = [...this.tasks.values()].filter(
      (stored) => this.stateOf(stored) !== 'running' && this.isDue(stored),
    );
    for (const stored of waiting.filter((each) => this.hasExpired(each))) this.end(stored, 'expired');
    const taken: Task[] = [];
    for (const stored of waiting.toSorted((one, other) => one.attempts.length - other.attempts.length)) {
      if (this.stateOf(stored) !== 'pending') continue;
      const { probeOf } = this.circuits.begin(stored.task, this.probes(stored.task));
      Object.assign(stored, { isRunning: true, begunAt: this.clock.now(), probeOf });
      taken.push(stored.task);
    }
    return taken;
  }

  /** What has become of a task that a worker took. */
  settle(id: string, { attempt, settlement, verdict }: Handled): void {
    const stored = this.tasks.get(id)!;
    stored.isRunning = false;
    stored.attempts.push(attempt);
    if (verdict)
      this.circuits.judge(stored.task, { verdict, begunAt: stored.begunAt, probeOf: stored.probeOf });
    if (attempt.class !== 'interrupted' && settlement.kind !== 'hand_back') stored.attemptsMade++;
    this.carryOut(stored, settlement);
  }

  private carryOut(stored: Stored, settlement: Settlement): void {
    const { kind } = settlement;
    if (kind !== 'retry' && kind !== 'hand_back') {
      this.end(stored, ENDINGS[kind], kind === 'dead_letter' ? settlement.reason : '');
    } else if (stored.isCancelled) this.end(stored, 'cancelled');
    else if (kind === 'retry' && stored.isCanary) this.end(stored, 'dead_letter', 'canary_failed');
    else if (kind === 'retry') stored.due = this.clock.now() + settlement.delayMs;
  }

  setRules(clientId: string, rules: AdmissionRules): void {
    this.door.rules.set(clientId, rules);
  }

  shutClient(clientId: string): void {
    this.shut.add(clientId);
  }

  private with<T>(id: string, change: (stored: Stored, state: TaskState) => T): Promise<T | 'unknown'> {
    const stored = this.tasks.get(id);
    return Promise.resolve(stored ? change(stored, this.stateOf(stored)) : 'unknown');
  }

  private end(stored: Stored, state: TaskState, reason = ''): void {
    stored.ended = { state, at: this.clock.now(), reason };
  }

  private stateOf({ task, due, isRunning, ended, attempts }: Stored): TaskState {
    if (ended) return ended.state;
    if (isRunning) return 'running';
    if (due > this.clock.now()) return attempts.length > 0 ? 'retrying' : 'scheduled';
    const isHeld =
      this.shut.has(task.clientId) || this.circuits.refusal(task, this.probes(task)) !== undefined;
    return isHeld ? 'deferred' : 'pending';
  }

  private isDue({ due, ended }: Stored): boolean {
    return !ended && due <= this.clock.now();
  }

  /** Under way to the host of a task. */
  private probes(task: Task): number {
    const isProbe = (each: Stored) => each.isRunning && each.probeOf !== undefined;
    return [...this.tasks.values()].filter((each) => isProbe(each) && hostOf(each.task) === hostOf(task))
      .length;
  }

  private hasExpired({ task }: Stored): boolean {
    return (task.expiresAt ?? Infinity) <= this.clock.now();
  }

  private verdictOn({ task, isRunning }: Stored): GateVerdict {
    const isHeld = this.shut.has(task.clientId) && !isRunning;
    return {
      kind: 'client',
      name: task.clientId,
      running: 0,
      ...(isHeld && { refusal: { reason: 'shut' } }),
    };
  }

  private verdictOfHost({ task, isRunning }: Stored): GateVerdict {
    const refusal = isRunning ? undefined : this.circuits.refusal(task, this.probes(task));
    return { kind: 'host', name: hostOf(task), running: 0, ...(refusal && { refusal }) };
  }

  private aheadOf(stored: Stored, state: TaskState): number {
    const all = [...this.tasks.values()];
    const before = all.slice(0, all.indexOf(stored));
    return before.filter((each) => each.task.lane === stored.task.lane && this.stateOf(each) === state)
      .length;
  }
}

const waitsForTime = (state: TaskState): boolean => state === 'scheduled' || state === 'retrying';

const lastOnly = (found: TaskSnapshot): TaskSnapshot => ({ ...found, attempts: found.attempts.slice(-1) });
