import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import type { Attempt } from '../../task/attempt.js';
import type { Lane } from '../../task/lane.js';
import type { Task } from '../../task/task.js';
import { bytesOf, formatKept, type KeptAttempts, keepOneMore, parseKept } from './kept-attempts.js';
import type { ScriptTime } from '../queue-clock.js';
import { readTask } from '../read-task.js';
import { scripts } from '../scripts.js';

/** What this dispatcher holds now. */
interface Held {
  readonly lane: Lane;
  /** Tries that counted so far. */
  readonly attemptsMade: number;
  /** Bytes of the task as it is stored. */
  readonly dataBytes: number;
  readonly kept: KeptAttempts;
}

/** A task that this dispatcher holds now. */
export interface FetchedTask extends Held {
  readonly task: Task;
  /** When this attempt was due, Unix milliseconds. */
  readonly dueAt: number;
  /** When somebody gave a dead letter all its tries again, Unix milliseconds. */
  readonly retriedAt?: number;
}

/** One whose data is no task. */
export interface UnreadableTask extends Held {
  readonly id: string;
}

/** What the store has to do with a task after an attempt. */
export interface SettledTask {
  readonly lane: Lane;
  readonly id: string;
  /** Nothing of a task whose data does not say. */
  readonly owners?: Pick<Task, 'queue' | 'clientId'>;
  readonly kind: 'completed' | 'retry' | 'dead_letter' | 'hand_back' | 'cancelled' | 'expired';
  readonly attemptsMade: number;
  readonly dataBytes: number;
  /** Before this attempt. */
  readonly kept: KeptAttempts;
  readonly attempt: Attempt;
  readonly delayMs?: number | undefined;
  readonly reason?: string | undefined;
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
  /** Held as those are, and not to be run. */
  readonly unreadable: readonly UnreadableTask[];
  /** Tasks whose lock was lost: they run, or ran, elsewhere too. */
  readonly lost: readonly string[];
  readonly cancelled: readonly string[];
  /** Tasks that wait in each lane and may be taken, most urgent first. */
  readonly waiting: readonly number[];
  /** Bytes of the completed history; nothing when no task has ended in this turn. */
  readonly historyBytes: number | undefined;
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
    request.settled.length,
    ...request.settled.flatMap(settlementArgs),
  ]);
  return parseReply(reply as RawReply);
}

function settlementArgs(settled: SettledTask): (string | number)[] {
  const attempt = JSON.stringify(settled.attempt);
  const { kept, place, dropped } = keepOneMore(settled.kept, Buffer.byteLength(attempt));
  return [
    settled.lane,
    settled.id,
    settled.kind,
    settled.attemptsMade,
    attempt,
    place,
    formatKept(kept),
    settled.delayMs ?? '',
    settled.reason ?? '',
    settled.dataBytes + bytesOf(kept),
    dropped.join(' '),
    kept.made,
    Math.max(0, settled.attempt.endedAt - settled.attempt.startedAt),
    ownersOf(settled.owners),
  ];
}

/** The gates that count how many of their tasks are alive. */
function ownersOf(owners: SettledTask['owners']): string {
  return owners ? `q:${owners.queue}\nc:${owners.clientId}` : '';
}

type RawReply = [
  next: number,
  fetched: string[],
  lost: string[],
  cancelled: string[],
  waiting: number[],
  history: number,
];

const FETCHED_VALUES = 7;

function parseReply([next, values, lost, cancelled, waiting, history]: RawReply): StepReply {
  const fetched: FetchedTask[] = [];
  const unreadable: UnreadableTask[] = [];
  for (let at = 0; at < values.length; at += FETCHED_VALUES) {
    const [lane, id = '', data = '', ...rest] = values.slice(at, at + FETCHED_VALUES);
    const task = readTask(id, data);
    const held = { lane: lane as Lane, dataBytes: Buffer.byteLength(data), ...progressOf(rest) };
    if (task) fetched.push({ ...held, task, ...timesOf(rest) });
    else unreadable.push({ ...held, id });
  }
  return {
    nextDueMs: next < 0 ? undefined : next,
    fetched,
    unreadable,
    lost,
    cancelled,
    waiting,
    historyBytes: history > 0 ? history : undefined,
  };
}

type Rest = readonly (string | undefined)[];

function progressOf([attemptsMade, kept = '']: Rest): Pick<Held, 'attemptsMade' | 'kept'> {
  return { attemptsMade: Number(attemptsMade), kept: parseKept(kept) };
}

function timesOf([, , dueAt, retriedAt]: Rest): Pick<FetchedTask, 'dueAt' | 'retriedAt'> {
  return { dueAt: Number(dueAt), ...(retriedAt && { retriedAt: Number(retriedAt) }) };
}
