import { expect } from 'vitest';
import { afterAttempt, afterStart } from '../../../src/circuit-breaker/circuit-rules.js';
import type { CircuitSettings, Next } from '../../../src/circuit-breaker/circuit-states.js';
import { type Circuit, letThrough, stateAt } from '../../../src/queue/gates/circuit.js';
import type { GateId, GateLimits } from '../../../src/queue/gates/gate.js';
import { type KeptAttempts, NO_ATTEMPTS } from '../../../src/queue/worker/kept-attempts.js';
import type { Lane } from '../../../src/task/lane.js';
import { isFinal, mayBecome, TASK_STATES, type TaskState } from '../../../src/task/task-state.js';
import type { HostVerdict } from '../../../src/task/host-verdict.js';
import type { Task } from '../../../src/task/task.js';
import { urlOf } from '../task-of.js';

export const HOUR = 3_600_000;
/** How long a gate may hold a task; short, so that it happens. */
export const MAX_AGE_MS = 4 * HOUR;
export const COMPLETED_FOR_MS = 3 * HOUR;
export const DEAD_FOR_MS = 6 * HOUR;

/** Few failures are enough, and the steps of a ramp are small, so that all of it happens. */
export const CIRCUITS: CircuitSettings = {
  failureThreshold: 2,
  intervalMs: 60_000,
  timeoutMs: 30_000,
  timeoutMaxMs: 120_000,
  maxRequests: 2,
  rampStep: 1,
};

export const BREAKER = [
  ...[CIRCUITS.failureThreshold, CIRCUITS.intervalMs, CIRCUITS.timeoutMs, CIRCUITS.timeoutMaxMs],
  ...[CIRCUITS.maxRequests, CIRCUITS.rampStep],
].join(';');

export const HOSTS = ['http://a.example', 'http://slow.example'] as const;

export type Ending = 'completed' | 'dead_letter' | 'cancelled' | 'expired';
/** The client that is held to rules when it enqueues, and how many tasks may be alive in a queue. */
export const HELD_CLIENT = 'b';
export const HELD_RULES = { version: 'v', isEnabled: true, requestsPerMinute: 6, maxAlive: 5 };
export const SMALL_QUEUE = { name: 'reports', maxAlive: 6 };

/** What a task has to be like: as little as says everything about it. */
export interface ModelTask {
  stored: Task;
  due: number;
  /** `lost`: its dispatcher is gone and nobody has noticed yet. */
  place: 'waiting' | 'running' | 'lost' | 'ended';
  attemptsMade: number;
  kept: KeptAttempts;
  hasStarted: boolean;
  /** Token of the dispatcher that runs it. */
  holder?: string;
  /** When it began to run. */
  begunAt?: number;
  /** Of a probe: the start of its window. */
  probeOf?: number;
  /** The gates of which it holds a slot; `p:` and its host when it is a probe. */
  holds: readonly string[];
  /** When somebody gave it all its tries again. */
  retriedAt?: number;
  isCancelled: boolean;
  ending?: Ending;
  keptUntil?: number;
}

/** The queue as it should be. Which of the due tasks wait and which are held is for the gates to say: see `books.ts`. */
export class Model {
  readonly tasks = new Map<string, ModelTask>();
  readonly limits = new Map<GateId, GateLimits>();
  /** Taken away by purges, and dead letters that were cleared, by operation: nobody sees them, and they may come back. */
  readonly purged = new Map<string, ModelTask[]>();
  /** Running tasks whose dispatcher has not been told yet that they are cancelled. */
  readonly untold = new Map<string, Set<string>>();

  /** When tasks of the held client were accepted. */
  private readonly accepted: number[] = [];

  /** The state in which each task was seen last. */
  private readonly seen = new Map<string, TaskState>();

  /** By host. */
  readonly circuits = new Map<string, Circuit>();
  /** By client and host, `<client> <host>`: until when it was asked to wait. */
  readonly holdsUntil = new Map<string, number>();
  /** What the next turn has to tell of circuits. */
  readonly changes: string[] = [];

  constructor(readonly now: () => number) {}

  /** One of the tasks there are; nothing while there is none. */
  some(nth: number): ModelTask | undefined {
    const all = [...this.tasks.values()];
    return all[nth % all.length];
  }

  /** What is stored, also when nobody sees it. */
  stored(): ModelTask[] {
    return [...this.tasks.values(), ...[...this.purged.values()].flat()];
  }

  /** A purge takes these away. */
  hide(operation: string, tasks: ModelTask[]): void {
    for (const task of tasks) {
      this.tasks.delete(task.stored.id);
      task.holds = [];
    }
    this.purged.set(operation, tasks);
  }

  /** And they come back. */
  show(operation: string): void {
    for (const task of this.purged.get(operation) ?? []) this.tasks.set(task.stored.id, task);
    this.purged.delete(operation);
  }

  /** Mostly a dead letter, as long as there is one. */
  someDead(nth: number): ModelTask | undefined {
    const dead = this.at('ended').filter(({ ending }) => ending === 'dead_letter');
    return nth % 3 > 0 && dead.length > 0 ? dead[nth % dead.length] : this.some(nth);
  }

  at(place: ModelTask['place']): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.place === place);
  }

  runningAt(holder: string): ModelTask[] {
    return this.at('running').filter((task) => task.holder === holder);
  }

  /** What the state of a task may be told to be. */
  statesOf(task: ModelTask): readonly TaskState[] {
    if (task.place === 'ended') return [task.ending!];
    if (task.place === 'running') return ['running'];
    if (task.place === 'lost') return ['pending'];
    if (task.due > this.now()) return [task.kept.made > 0 ? 'retrying' : 'scheduled'];
    return ['pending', 'deferred'];
  }

  isExpired({ stored }: ModelTask): boolean {
    return (stored.expiresAt ?? Infinity) <= this.now();
  }

  /** What becomes of one more task. */
  admits(task: Task): 'added' | 'client' | 'queue' | 'rate_limited' {
    const counted = this.accepted.filter((at) => at > this.now() - 60_000);
    const isLimited = task.clientId === HELD_CLIENT && counted.length >= HELD_RULES.requestsPerMinute;
    return this.full(task) ?? (isLimited ? 'rate_limited' : 'added');
  }

  /** Of what there is no room for one more task that is alive. */
  full({ clientId, queue }: Task): 'client' | 'queue' | undefined {
    const alive = [...this.tasks.values()]
      .filter(({ place }) => place !== 'ended')
      .map(({ stored }) => stored);
    const ofClient = alive.filter((task) => task.clientId === clientId).length;
    if (clientId === HELD_CLIENT && ofClient >= HELD_RULES.maxAlive) return 'client';
    const inQueue = alive.filter((task) => task.queue === queue).length;
    return queue === SMALL_QUEUE.name && inQueue >= SMALL_QUEUE.maxAlive ? 'queue' : undefined;
  }

  accept(task: ModelTask): void {
    this.tasks.set(task.stored.id, task);
    if (task.stored.clientId === HELD_CLIENT) this.accepted.push(this.now());
  }

  end(task: ModelTask, ending: Ending): void {
    task.place = 'ended';
    task.ending = ending;
    task.holds = [];
    delete task.holder;
    delete task.probeOf;
    task.keptUntil = this.now() + (ending === 'dead_letter' ? DEAD_FOR_MS : COMPLETED_FOR_MS);
  }

  /** A dispatcher got this task: it must have been free to go. */
  start(task: ModelTask, holder: string): void {
    expect(task, 'started').toMatchObject({ place: 'waiting', isCancelled: false });
    expect(task.due).toBeLessThanOrEqual(this.now());
    expect(this.isExpired(task), 'started after its expiry').toBe(false);
    task.place = 'running';
    task.holder = holder;
    task.hasStarted = true;
    task.begunAt = this.now();
    // One whose worker was lost gives back first what it held.
    task.holds = [];
    task.holds = this.takeSlots(task);
  }

  private takeSlots(task: ModelTask): string[] {
    const { stored } = task;
    const counted: string[] = gatesOf(stored).filter((gate) => this.isCounted(gate));
    for (const gate of gatesOf(stored)) {
      const { isShut = false, shutUntil = Infinity } = this.limits.get(gate) ?? {};
      expect(isShut && shutUntil > this.now(), `started although ${gate} is shut`).toBe(false);
    }
    return this.beginUnder(task, counted);
  }

  /** Hosts are counted while their circuit is not closed. */
  isCounted(gate: GateId): boolean {
    const circuit = this.circuits.get(gate.slice(2));
    return isClient(gate) || this.limits.has(gate) || (circuit !== undefined && circuit.state !== 'closed');
  }

  private beginUnder(task: ModelTask, counted: string[]): string[] {
    const host = hostOf(task.stored);
    expect(this.heldUntil(task), 'started although its client was asked to wait').toBeLessThanOrEqual(
      this.now(),
    );
    const circuit = this.circuits.get(host);
    delete task.probeOf;
    if (!circuit || stateAt(circuit, this.now()) === 'closed') return counted;
    const probes = this.slotsOf(`p:${host}`);
    expect(letThrough(circuit, probes, this.now()).free, `${host} is closed to it`).toBeGreaterThan(0);
    const { probeOf, ...next } = afterStart(circuit, { now: this.now(), settings: CIRCUITS });
    this.keepCircuit(host, next);
    if (probeOf === undefined) return counted;
    task.probeOf = probeOf;
    const slot = `p:${host}`;
    const ofWindow = [...this.tasks.values()].filter(
      (each) => each.place === 'running' && each.holds.includes(slot) && each.probeOf === probeOf,
    );
    expect(ofWindow.length).toBeLessThan(CIRCUITS.maxRequests);
    return [...counted, slot];
  }

  /** Until when the client of a task was asked to wait by its host, as far as anybody looks. */
  heldUntil({ stored }: ModelTask): number {
    const host = hostOf(stored);
    const isLookedUp = (this.circuits.get(host)?.heldUntil ?? 0) > this.now();
    return isLookedUp ? (this.holdsUntil.get(`${stored.clientId} ${host}`) ?? 0) : 0;
  }

  forgetHolds(host: string): void {
    for (const key of this.holdsUntil.keys()) if (key.endsWith(` ${host}`)) this.holdsUntil.delete(key);
  }

  keepCircuit(host: string, { circuit, change }: Next): void {
    if (circuit) this.circuits.set(host, circuit);
    else this.circuits.delete(host);
    if (change) this.changes.push(`${host} ${change}`);
  }

  /** An attempt has ended, and says this of its host. */
  judge({ stored, probeOf, begunAt = 0 }: ModelTask, verdict: HostVerdict): void {
    const host = hostOf(stored);
    const at = { now: this.now(), settings: CIRCUITS };
    const client = stored.clientId;
    const attempted = { verdict, client, begunAt, ...(probeOf !== undefined && { probeOf }) };
    const next = afterAttempt(this.circuits.get(host), attempted, at);
    this.keepCircuit(host, next);
    if (next.held) this.hold(`${next.held.client} ${host}`, next.held.until);
    if (verdict.holdClientMs !== undefined) this.hold(`${client} ${host}`, this.now() + verdict.holdClientMs);
  }

  private hold(key: string, until: number): void {
    this.holdsUntil.set(key, Math.max(until, this.holdsUntil.get(key) ?? 0));
  }

  slotsOf(gate: string): number {
    return [...this.tasks.values()].filter(({ holds }) => holds.includes(gate)).length;
  }

  /** Without those that wait again after a crash: they give theirs back when it is their turn. */
  runningOf(gate: string): number {
    return [...this.at('running'), ...this.at('lost')].filter(({ holds }) => holds.includes(gate)).length;
  }

  /** What waited has ended by itself meanwhile: there must be a reason. */
  endedByItself(task: ModelTask, state: TaskState): void {
    const { due, isCancelled } = task;
    const reasons: Partial<Record<TaskState, boolean>> = {
      expired: this.isExpired(task) && !isCancelled,
      cancelled: isCancelled,
      dead_letter: this.now() - due >= MAX_AGE_MS,
    };
    expect(reasons[state], `${task.stored.id} became ${state}`).toBe(true);
    this.end(task, state as Ending);
  }

  limit(gate: GateId, limits: GateLimits): void {
    const isNew = !this.limits.has(gate) && !isClient(gate);
    if (Object.keys(limits).length === 0) this.limits.delete(gate);
    else this.limits.set(gate, limits);
    if (!isNew || !this.limits.has(gate)) return;
    // What began before it was counted holds a slot of it too.
    for (const task of [...this.at('running'), ...this.at('lost')]) {
      const isOfGate = gatesOf(task.stored).includes(gate) && !task.holds.includes(gate);
      if (isOfGate) task.holds = [...task.holds, gate];
    }
  }

  /** Its dispatcher has to be told. */
  cancelRunning(task: ModelTask, holder: string): void {
    task.isCancelled = true;
    this.untold.set(holder, (this.untold.get(holder) ?? new Set()).add(task.stored.id));
  }

  /** It runs no longer, and goes on later. */
  giveBack(task: ModelTask, due: number): void {
    task.place = 'waiting';
    task.due = due;
    task.holds = [];
    delete task.holder;
  }

  /** Compares the state of every task, and learns what has ended by itself. */
  compareStates(actual: ReadonlyMap<string, TaskState>): void {
    expect([...actual.keys()].toSorted()).toEqual([...this.tasks.keys()].toSorted());
    for (const [id, state] of actual) {
      const task = this.tasks.get(id)!;
      if (task.place === 'waiting' && isFinal(state)) this.endedByItself(task, state);
      // One whose worker was lost asked the gates again, and was refused.
      if (task.place === 'waiting' && state === 'deferred') task.holds = [];
      expect(this.statesOf(task), `${id} at ${this.now()}`).toContain(state);
      const before = this.seen.get(id);
      if (before) expect(canReach(before, state), `${id}: ${before} became ${state}`).toBe(true);
      this.seen.set(id, state);
    }
  }
}

/** Whether the state machine leads from one state to another, in however many steps. */
function canReach(from: TaskState, to: TaskState, past: readonly TaskState[] = []): boolean {
  if (from === to) return true;
  const next = TASK_STATES.filter((state) => mayBecome(from, state) && !past.includes(state));
  return next.some((state) => canReach(state, to, [...past, from]));
}

/** Clients are counted also without limits. */
export const isClient = (gate: GateId): boolean => gate.startsWith('c:');

export function newTask(stored: Task): ModelTask {
  return {
    stored,
    due: stored.scheduledAt,
    place: 'waiting',
    attemptsMade: 0,
    kept: NO_ATTEMPTS,
    hasStarted: false,
    holds: [],
    isCancelled: false,
  };
}

export function gatesOf(task: Task): GateId[] {
  return [`q:${task.queue}`, `c:${task.clientId}`, `h:${hostOf(task)}`];
}

export const hostOf = (task: Task): string => new URL(urlOf(task)).origin;

export const memberOf = ({ lane, id }: { lane: Lane; id: string }): string => `${lane}:${id}`;
