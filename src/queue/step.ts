import type { Redis } from 'ioredis';
import { PREFIX } from '../redis/keys.js';
import type { Attempt } from '../task/attempt.js';
import type { Lane } from '../task/lane.js';
import type { Task } from '../task/task.js';
import { scripts } from './scripts.js';

/** A task that this dispatcher holds now. */
export interface FetchedTask {
  readonly lane: Lane;
  readonly task: Task;
  /** Tries that counted so far. */
  readonly attemptsMade: number;
  /** How many attempts are kept with it, those that did not count included. */
  readonly attemptsKept: number;
  /** When this attempt was due, Unix milliseconds. */
  readonly dueAt: number;
}

/** What the store has to do with a task after an attempt. */
export interface SettledTask {
  readonly lane: Lane;
  readonly id: string;
  readonly kind: 'completed' | 'retry' | 'dead_letter' | 'hand_back' | 'cancelled' | 'expired';
  readonly attemptsMade: number;
  readonly attemptsKept: number;
  readonly attempt: Attempt;
  readonly delayMs?: number | undefined;
  readonly reason?: string | undefined;
  /** How long a finished task is kept; nothing = for ever. */
  readonly retentionMs?: number | undefined;
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
  /** Tasks that wait in each lane, most urgent first. */
  readonly waiting: readonly number[];
}

/** What stays the same over the life of a dispatcher. Times are milliseconds. */
export interface StepSettings {
  readonly token: string;
  readonly lockMs: number;
  readonly mode: 'weighted' | 'strict';
  readonly maxAgeMs: number;
  readonly completedForMs: number;
  readonly deadForMs: number | undefined;
}

/** The newest attempts are kept; beyond this many, new ones take the place of the oldest after the first. */
const KEPT_ATTEMPTS = 50;

/** @param now Unix milliseconds of an injected clock; nothing = the time of Redis */
export async function step(
  redis: Redis,
  settings: StepSettings,
  request: StepRequest,
  now?: number,
): Promise<StepReply> {
  const reply = await scripts.step.run(redis, PREFIX, [
    now ?? '',
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
  return [
    settled.lane,
    settled.id,
    settled.kind,
    settled.attemptsMade,
    JSON.stringify(settled.attempt),
    placeOf(settled.attemptsKept),
    settled.attemptsKept + 1,
    settled.delayMs ?? '',
    settled.reason ?? '',
    settled.retentionMs ?? '',
  ];
}

/** The first attempt stays for ever; the others take turns. */
function placeOf(kept: number): number {
  return kept < KEPT_ATTEMPTS ? kept : 1 + ((kept - 1) % (KEPT_ATTEMPTS - 1));
}

type RawReply = [next: number, fetched: string[], lost: string[], cancelled: string[], waiting: number[]];

const FETCHED_VALUES = 6;

function parseReply([next, fetched, lost, cancelled, waiting]: RawReply): StepReply {
  const tasks: FetchedTask[] = [];
  for (let at = 0; at < fetched.length; at += FETCHED_VALUES) tasks.push(parseTask(fetched, at));
  return { nextDueMs: next < 0 ? undefined : next, fetched: tasks, lost, cancelled, waiting };
}

function parseTask(values: readonly string[], at: number): FetchedTask {
  return {
    lane: values[at] as Lane,
    task: JSON.parse(values[at + 2] ?? '{}') as Task,
    attemptsMade: Number(values[at + 3]),
    attemptsKept: Number(values[at + 4]),
    dueAt: Number(values[at + 5]),
  };
}
