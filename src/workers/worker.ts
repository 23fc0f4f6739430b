import type { RunningTask } from '../queue/worker-pool.js';

/**
 * `paused` takes no task, what it runs goes on; `draining` takes none and ends what it runs; `drained` has done so; `gone`
 * is not there any more.
 */
export const WORKER_STATES = ['running', 'paused', 'draining', 'drained', 'gone'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** What the id of a worker looks like. */
export const WORKER_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** How an admin wants a worker not to work. */
export interface Hold {
  readonly as: 'paused' | 'drained';
  /** Unix milliseconds. */
  readonly since: number;
  readonly reason?: string;
}

/** A worker process as it described itself last. Times are Unix milliseconds. */
export interface WorkerRecord {
  readonly id: string;
  /** Of its pool; the process that is started after it has another one. */
  readonly token: string;
  /** Of the machine, container or pod. */
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: number;
  readonly state: WorkerState;
  /** Tasks that it may run at once. */
  readonly concurrency: number;
  /** Tasks that it runs. */
  readonly busy: number;
  /** Attempts that have ended since it was started. */
  readonly done: number;
  /** How long its attempts take, a moving average in milliseconds; nothing before one has ended. */
  readonly meanMs?: number;
  readonly gone?: Gone;
}

interface Gone {
  readonly at: number;
  /** When it was last heard of. */
  readonly seenAt: number;
  readonly because: 'stopped' | 'lost';
}

/** What is known of a worker. */
export interface Worker extends WorkerRecord {
  readonly seenAt: number;
  /** Nothing: it may work. */
  readonly held?: Hold;
  /** As it is kept. */
  readonly heldText: string;
  /** Longest first, `MOST_SHOWN` at most; of one that is gone, what it ran when it was last heard of. */
  readonly running: readonly RunningTask[];
}

/** Of what a worker runs, so many tasks are told of, those that have run for longest. */
export const MOST_SHOWN = 100;

/** Whether a worker does what is wanted of it. */
export function doesAsWanted({ state, held }: Worker): boolean {
  if (!held) return state === 'running';
  return held.as === 'paused' ? state === 'paused' : state === 'draining' || state === 'drained';
}
