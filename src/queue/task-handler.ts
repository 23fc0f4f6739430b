import type { Attempt } from '../task/attempt.js';
import type { HostVerdict } from '../task/host-verdict.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';
import type { AbortHandle } from './abort-handle.js';

/** A task that a worker holds for one attempt. */
export interface ClaimedTask {
  readonly task: Task;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /** When this attempt was due, Unix milliseconds; known of first attempts. */
  readonly dueAt?: number;
  /** When somebody gave a dead letter all its tries again, Unix milliseconds. */
  readonly retriedAt?: number | undefined;
  /** It goes before others that died of the same, with one attempt. */
  readonly isCanary?: boolean | undefined;
  /** It tries whether its host is there again: when it gets no answer, that is not the task's failure. */
  readonly isProbe?: boolean;
}

/** What an attempt left behind, to be kept, and what becomes of the task. */
export interface Handled {
  readonly attempt: Attempt;
  readonly settlement: Settlement;
  /** What it says of the host; nothing when no call was made. */
  readonly verdict?: HostVerdict;
}

/** The port through which the queue gives tasks to the worker half. */
export abstract class TaskHandler {
  /**
   * Makes one attempt. Never rejects for a reason that lies with the target.
   *
   * @param abort is used when the attempt has to stop now; the task is then handed back
   */
  abstract handle(claimed: ClaimedTask, abort: AbortHandle): Promise<Handled>;
}
