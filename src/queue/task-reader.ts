import type { Attempt } from '../task/attempt.js';
import type { Task } from '../task/task.js';
import type { TaskState } from '../task/task-state.js';
import type { TaskExplanation } from './explanation.js';
import type { SearchedWindow, TaskFilter, TaskListQuery } from './search/task-list.js';

/** A task as it stands now. Times are Unix milliseconds. */
export interface TaskSnapshot {
  readonly task: Task;
  /** The same as it is stored: its call may be sealed. An edit says by it what it was made from. */
  readonly stored: Task;
  /** What is stored of it is no task any more: `task` then says only what is known besides. */
  readonly isUnreadable?: boolean;
  readonly state: TaskState;
  /** Tries that count; what a shutdown or a crash cut off does not. */
  readonly attemptsMade: number;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** When the next attempt is due: of scheduled and retrying tasks. */
  readonly nextAttemptAt?: number;
  readonly finishedAt?: number;
  /** Why it is a dead letter. */
  readonly deadLetterReason?: string;
  /** Of a dead letter: the same of all that died of the same at the same host. */
  readonly fingerprint?: string;
}

/**
 * Newest first. With a filter, or when tasks are very large, there may be fewer than were asked for, or none, and older ones
 * that fit all the same.
 */
export interface TaskPage {
  /** Of their attempts only the last. */
  readonly tasks: readonly TaskSnapshot[];
  /** Where the next page begins; nothing on the last one. What is stored meanwhile moves nothing. */
  readonly next?: string;
  readonly window: SearchedWindow;
}

/** The read side of the queue. */
export abstract class TaskReader {
  /** @throws QueueUnavailable */
  abstract find(id: string): Promise<TaskSnapshot | undefined>;

  /**
   * The client of a task, which never changes; nothing when there is no such task. An id that a client chose says whose it
   * is by itself, whether there is such a task or not.
   *
   * @throws QueueUnavailable
   */
  abstract ownerOf(id: string): Promise<string | undefined>;

  /**
   * Why a task is not running: what the dispatcher would decide about it now, by the dispatcher's own rules.
   *
   * @throws QueueUnavailable
   */
  abstract explain(id: string): Promise<TaskExplanation | undefined>;

  /**
   * Tasks that a filter fits to, newest first. Looks at a bounded number of them for each page, and says at which.
   *
   * @throws QueueUnavailable
   */
  abstract list(query: TaskListQuery): Promise<TaskPage>;

  /**
   * How many tasks there are for `list` to look at, about.
   *
   * @throws QueueUnavailable
   */
  abstract listLength(filter: TaskFilter): Promise<number>;
}
