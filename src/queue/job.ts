import type { Job, JobsOptions } from 'bullmq';
import type { Attempt } from '../task/attempt.js';
import type { Lane } from '../task/lane.js';
import type { Task } from '../task/task.js';
import type { TaskState } from '../task/task-state.js';
import type { TaskSnapshot } from './task-reader.js';

/** How long finished tasks can be looked up, in seconds; nothing = for ever. */
export interface Retention {
  readonly completedSec: number;
  readonly deadSec: number | undefined;
}

export type TaskJob = Job<Task>;

/** BullMQ takes the smallest number first, and jobs without one before all others. */
const PRIORITY: Readonly<Record<Lane, number>> = { critical: 1, high: 2, default: 3, low: 4 };

/** How BullMQ is to keep a task. The job's data is the task itself. */
export function jobOptions(task: Task, retention: Retention): JobsOptions {
  return {
    jobId: task.id,
    timestamp: task.createdAt,
    delay: Math.max(0, task.scheduledAt - task.createdAt),
    priority: PRIORITY[task.lane],
    attempts: task.maxRetries + 1,
    // The delay itself comes from the settlement of each attempt.
    backoff: { type: 'settlement' },
    removeOnComplete: retention.completedSec > 0 ? { age: retention.completedSec } : true,
    removeOnFail: retention.deadSec === undefined ? false : { age: retention.deadSec },
    // What failed is in the attempts; a stack trace of ours would help nobody and may hold data of the task.
    stackTraceLimit: 0,
  };
}

/** A job as the rest of the product sees it. */
export function snapshotOf(job: TaskJob, jobState: string, attempts: readonly Attempt[]): TaskSnapshot {
  const state = stateOf(job, jobState);
  return {
    task: job.data,
    state,
    attemptsMade: job.attemptsMade,
    attempts,
    ...nextAttempt(job, state, attempts),
    ...(job.finishedOn !== undefined && { finishedAt: job.finishedOn }),
    ...(state === 'dead_letter' && { deadLetterReason: job.failedReason }),
  };
}

function nextAttempt(
  job: TaskJob,
  state: TaskState,
  attempts: readonly Attempt[],
): { nextAttemptAt?: number } {
  if (state === 'scheduled') return { nextAttemptAt: job.data.scheduledAt };
  const last = attempts.at(-1);
  return state === 'retrying' && last ? { nextAttemptAt: last.endedAt + job.delay } : {};
}

function stateOf(job: TaskJob, jobState: string): TaskState {
  switch (jobState) {
    case 'active':
      return 'running';
    case 'completed':
      return 'completed';
    case 'failed':
      return 'dead_letter';
    case 'delayed':
      return delayedState(job);
    default:
      return 'pending';
  }
}

/** A job that ran without using an attempt is on its way back to another worker. */
function delayedState(job: TaskJob): TaskState {
  if (job.attemptsMade > 0) return 'retrying';
  return job.processedOn === undefined ? 'scheduled' : 'pending';
}
