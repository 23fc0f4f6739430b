import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import type { Lane } from '../../task/lane.js';
import type { Task } from '../../task/task.js';
import { type HostChange, parseChanges } from '../gates/host-changes.js';
import { type KeptAttempts, parseKept } from './kept-attempts.js';
import { type SettledTask, settlementArgs } from './settled-task.js';
import type { ScriptTime } from '../queue-clock.js';
import { readTask } from '../read-task.js';
import { scripts } from '../scripts.js';
import { type EndedTask, parseEndings } from '../task-news.js';

/** What this dispatcher holds now. */
interface Held {
  readonly lane: Lane;
  /** Tries that counted so far. */
  readonly attemptsMade: number;
  /** Bytes of the task as it is stored. */
  readonly dataBytes: number;
  readonly kept: KeptAttempts;
  /** What may keep it from running, as the scripts have it; they want it back when it is settled. */
  readonly gates: string;
}

/** A task that this dispatcher holds now. */
export interface FetchedTask extends Held {
  readonly task: Task;
  /** When this attempt was due, Unix milliseconds. */
  readonly dueAt: number;
  /** When somebody gave a dead letter all its tries again, Unix milliseconds. */
  readonly retriedAt?: number;
  /** It goes before others that died of the same, with one attempt. */
  readonly isCanary?: boolean;
  /** It is a probe of its host, of the half-open window that began then. */
  readonly probeOf?: number;
}

/** One whose data is no task. */
export interface UnreadableTask extends Held {
  readonly id: string;
}

export interface StepRequest {
  /** The same for a repeat: it then changes nothing. */
  readonly id: string;
  readonly capacity: number;
  readonly settled: readonly SettledTask[];
  /** How far the clock of this process is ahead of that of the scripts; by default not at all. */
  readonly aheadMs?: number;
  readonly laneTimes: readonly number[];
  readonly laneCharges: readonly number[];
}

export interface StepReply {
  /** Milliseconds until the next task is due; nothing when none has a time. */
  readonly nextDueMs: number | undefined;
  readonly fetched: readonly FetchedTask[];
  /** Held as those are, and not to be run. */
  readonly unreadable: readonly UnreadableTask[];
  /** Tasks whose lock was lost: they run, or ran, elsewhere too. */
  readonly lost: readonly string[];
  readonly cancelled: readonly string[];
  /** Tasks that wait in each lane and may be taken, most urgent first. */
  readonly waiting: readonly number[];
  /** Bytes of the completed history; nothing when no task has ended in this turn. */
  readonly historyBytes: number | undefined;
  /** Circuits that this turn has opened or closed. */
  readonly circuitChanges: readonly HostChange[];
  /** Tasks that ended without an attempt, or otherwise than was settled. */
  readonly ended: readonly EndedTask[];
  /** By the clock of the scripts. */
  readonly now: number;
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
    request.settled.length,
    ...request.settled.flatMap((settled) => settlementArgs(settled, request.aheadMs ?? 0)),
  ]);
  return parseReply(reply as RawReply);
}

const NONE_ENDED: readonly EndedTask[] = [];

type RawReply = [
  next: number,
  fetched: string[],
  lost: string[],
  cancelled: string[],
  waiting: number[],
  history: number,
  changes: string[],
  probes: string[],
  endings: string[],
  now: string,
];

const FETCHED_VALUES = 8;

function parseReply(reply: RawReply): StepReply {
  const [next, values, lost, cancelled, waiting, history, changes, probes, endings, now] = reply;
  return {
    nextDueMs: next < 0 ? undefined : next,
    ...parseTasks(values, parseProbes(probes)),
    lost,
    cancelled,
    waiting,
    historyBytes: history > 0 ? history : undefined,
    circuitChanges: parseChanges(changes),
    ended: endings.length > 0 ? parseEndings(endings) : NONE_ENDED,
    now: Number(now),
  };
}

/** By the ids of tasks: the start of their windows. */
function parseProbes(values: readonly string[]): ReadonlyMap<string, number> {
  const windows = new Map<string, number>();
  for (let at = 0; at < values.length; at += 2) windows.set(values[at] ?? '', Number(values[at + 1]));
  return windows;
}

function parseTasks(
  values: readonly string[],
  windows: ReadonlyMap<string, number>,
): Pick<StepReply, 'fetched' | 'unreadable'> {
  const fetched: FetchedTask[] = [];
  const unreadable: UnreadableTask[] = [];
  for (let at = 0; at < values.length; at += FETCHED_VALUES) {
    const [lane, id = '', data = '', ...rest] = values.slice(at, at + FETCHED_VALUES);
    const task = readTask(id, data);
    const held = { lane: lane as Lane, dataBytes: Buffer.byteLength(data), ...progressOf(rest) };
    if (task) fetched.push({ ...held, task, ...timesOf(rest), ...probeOf(windows.get(id)) });
    else unreadable.push({ ...held, id });
  }
  return { fetched, unreadable };
}

type Rest = readonly (string | undefined)[];

function progressOf([attemptsMade, kept = '', , , gates = '']: Rest): Pick<
  Held,
  'attemptsMade' | 'kept' | 'gates'
> {
  return { attemptsMade: Number(attemptsMade), kept: parseKept(kept), gates };
}

function timesOf([, , dueAt, retried]: Rest): Pick<FetchedTask, 'dueAt' | 'retriedAt' | 'isCanary'> {
  if (!retried) return { dueAt: Number(dueAt) };
  const isCanary = retried.endsWith('!');
  const retriedAt = Number(isCanary ? retried.slice(0, -1) : retried);
  return { dueAt: Number(dueAt), retriedAt, ...(isCanary && { isCanary }) };
}

const NO_PROBE = {};

function probeOf(window: number | undefined): Pick<FetchedTask, 'probeOf'> {
  return window === undefined ? NO_PROBE : { probeOf: window };
}
