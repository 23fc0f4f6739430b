import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import type { Lane } from '../../task/lane.js';
import type { Task } from '../../task/task.js';
import { type HostChange, parseChanges } from '../gates/host-changes.js';
import { type KeptAttempts, parseKept } from './kept-attempts.js';
import { type SettledTask, settlementsArgs } from './settled-task.js';
import type { ScriptTime } from '../queue-clock.js';
import { scripts } from '../scripts.js';

/** A task that this dispatcher holds now. */
export interface FetchedTask {
  readonly lane: Lane;
  readonly task: Task;
  /** Tries that counted so far. */
  readonly attemptsMade: number;
  /** Bytes of the task as it is stored. */
  readonly dataBytes: number;
  readonly kept: KeptAttempts;
  /** When this attempt was due, Unix milliseconds. */
  readonly dueAt: number;
  /** When somebody gave a dead letter all its tries again, Unix milliseconds. */
  readonly retriedAt?: number;
  /** The origin that it calls. */
  readonly host: string;
  /** It is a probe of its host, of the half-open window that began then. */
  readonly probeOf?: number;
}

export interface StepRequest {
  /** The same for a repeat: it then changes nothing. */
  readonly id: string;
  readonly capacity: number;
  readonly settled: readonly SettledTask[];
  readonly laneTimes: readonly number[];
  readonly laneCharges: readonly number[];
}

export interface StepReply {
  /** Milliseconds until the next task is due; nothing when none has a time. */
  readonly nextDueMs: number | undefined;
  readonly fetched: readonly FetchedTask[];
  /** Tasks whose lock was lost: they run, or ran, elsewhere too. */
  readonly lost: readonly string[];
  readonly cancelled: readonly string[];
  /** Tasks that wait in each lane and may be taken, most urgent first. */
  readonly waiting: readonly number[];
  /** Bytes of the completed history; nothing when no task has ended in this turn. */
  readonly historyBytes: number | undefined;
  /** Circuits that this turn has opened or closed. */
  readonly circuitChanges: readonly HostChange[];
}

/** What stays the same over the life of a dispatcher. Times are milliseconds. */
export interface StepSettings {
  readonly token: string;
  readonly lockMs: number;
  readonly mode: 'weighted' | 'strict';
  readonly maxAgeMs: number;
  /** How long a finished task is kept, unless its queue says otherwise. */
  readonly completedForMs: number;
  /** The same of a dead letter; nothing = for ever. */
  readonly deadForMs: number | undefined;
  /** When circuits open and close, as the script reads it. */
  readonly breaker: string;
}

export async function step(
  redis: Redis,
  settings: StepSettings,
  request: StepRequest,
  now: ScriptTime,
): Promise<StepReply> {
  const reply = await scripts.step.run(redis, PREFIX, [
    now,
    settings.token,
    request.id,
    settings.lockMs,
    request.capacity,
    settings.mode,
    settings.maxAgeMs,
    settings.completedForMs,
    settings.deadForMs ?? '',
    ...request.laneTimes,
    ...request.laneCharges,
    settings.breaker,
    ...settlementsArgs(request.settled),
  ]);
  return parseReply(reply as RawReply);
}

type RawReply = [
  next: number,
  fetched: string[],
  lost: string[],
  cancelled: string[],
  waiting: number[],
  history: number,
  changes: string[],
  probes: string[],
];

const FETCHED_VALUES = 8;

function parseReply(reply: RawReply): StepReply {
  const [next, fetched, lost, cancelled, waiting, history, changes, probes] = reply;
  const tasks: FetchedTask[] = [];
  for (let at = 0; at < fetched.length; at += FETCHED_VALUES) tasks.push(parseTask(fetched, at));
  const windows = new Map<string, number>();
  for (let at = 0; at < probes.length; at += 2) windows.set(probes[at] ?? '', Number(probes[at + 1]));
  return {
    nextDueMs: next < 0 ? undefined : next,
    fetched: windows.size === 0 ? tasks : tasks.map((task) => asProbe(task, windows.get(task.task.id))),
    lost,
    cancelled,
    waiting,
    historyBytes: history > 0 ? history : undefined,
    circuitChanges: parseChanges(changes),
  };
}

function parseTask(values: readonly string[], at: number): FetchedTask {
  const data = values[at + 2] ?? '{}';
  return {
    lane: values[at] as Lane,
    task: JSON.parse(data) as Task,
    dataBytes: Buffer.byteLength(data),
    attemptsMade: Number(values[at + 3]),
    kept: parseKept(values[at + 4] ?? ''),
    dueAt: Number(values[at + 5]),
    ...(values[at + 6] && { retriedAt: Number(values[at + 6]) }),
    host: values[at + 7] ?? '',
  };
}

function asProbe(task: FetchedTask, probeOf: number | undefined): FetchedTask {
  return probeOf === undefined ? task : { ...task, probeOf };
}
