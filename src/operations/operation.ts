import type { Actor } from '../http/actor.js';
import type { QueueSettings } from '../queue/queues/queue-settings.js';
import type { TaskFilter } from '../queue/search/task-list.js';
import type { TaskState } from '../task/task-state.js';

/** What may be done with many tasks at once. */
export const ACTIONS = ['retry', 'cancel', 'delete', 'reschedule', 'purge'] as const;
export type OperationAction = (typeof ACTIONS)[number];

/**
 * `running`: tasks are being looked at and dealt with, or taken away by a purge; `done`; `cancelled`: ended halfway because
 * somebody asked; `halted`: the first of a group failed again, so that the others stayed; `failed`: because of a fault of ours;
 * `undoing` and `undone`, of a purge.
 */
export const OPERATION_STATES = [
  ...(['running', 'done', 'cancelled', 'halted', 'failed'] as const),
  ...(['undoing', 'undone'] as const),
] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What is to be done, and with which tasks. Times are Unix milliseconds. */
export interface OperationSpec {
  readonly action: OperationAction;
  readonly filter: TaskFilter;
  /** The filter as it was asked for. */
  readonly asked: object;
  /** Tasks per second, at most. */
  readonly rate: number;
  /** Counts only. */
  readonly isDryRun: boolean;
  /** Of `reschedule`: when they are to be due. */
  readonly dueAt?: number;
  /** Of `purge`: what was in it is removed at once, and cannot be brought back. */
  readonly isFinal?: boolean;
  /** Of `purge`: the queue itself is removed as well; what was set for it, which comes back with its tasks. */
  readonly removed?: QueueSettings;
  readonly by: Actor;
}

/** The one of a group that was chosen to go first. */
export interface ChosenCanary {
  readonly id: string;
  /** When it had died by then, Unix milliseconds. */
  readonly diedAt: number;
  /** As it was seen last. */
  readonly state: TaskState;
}

/** An operation as it stands. */
export interface Operation {
  readonly id: string;
  readonly spec: OperationSpec;
  readonly state: OperationState;
  readonly createdAt: number;
  /** When the first task was looked at. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** How many tasks there were to look at when it began, about. */
  readonly total: number;
  readonly looked: number;
  readonly matched: number;
  readonly done: number;
  /** How many were left as they are, by the code of the reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Ids of the first ones. */
  readonly sample: readonly string[];
  /** Where to go on; the empty text at the beginning. */
  readonly cursor: string;
  /** Of a group that is retried. */
  readonly canary?: ChosenCanary;
  /** Until when a purge can be undone. */
  readonly undoUntil?: number;
  /** Why it has failed. */
  readonly error?: string;
  /** What somebody has asked for since. */
  readonly wanted?: 'cancel' | 'undo';
}

/** The states in which an action does anything with a task; it leaves all others alone. */
export const STATES_OF: Readonly<Record<OperationAction, readonly TaskState[]>> = {
  retry: ['dead_letter'],
  cancel: ['scheduled', 'pending', 'deferred', 'retrying', 'running'],
  delete: ['completed', 'cancelled', 'expired', 'dead_letter'],
  reschedule: ['scheduled', 'pending', 'deferred'],
  purge: ['scheduled', 'pending', 'deferred', 'retrying'],
};

/** How many ids an operation shows. */
export const SAMPLE = 10;

/** When it will be over, Unix milliseconds, going by what is done; nothing while that cannot be said. */
export function etaOf({ state, startedAt, total, looked }: Operation, now: number): number | undefined {
  const isMoving = state === 'running' || state === 'undoing';
  if (!isMoving || startedAt === undefined || looked === 0 || total <= looked) return undefined;
  return Math.round(now + ((now - startedAt) * (total - looked)) / looked);
}
