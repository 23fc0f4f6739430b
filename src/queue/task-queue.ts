import type { Task } from '../task/task.js';

/** The write side of the queue. */
export abstract class TaskQueue {
  /**
   * Stores a task. When the promise resolves, the task survives the loss of this process.
   *
   * An id that a caller chose and that is stored already is answered with the task that has it, and nothing is stored.
   * A random one is taken to be new.
   *
   * @throws QueueFull when there is no room for it; QueueUnavailable when the store cannot say that it has the task,
   *   and it may have it all the same
   */
  abstract add(task: Task): Promise<Added>;

  /**
   * Cancels a task: at once unless it runs; a running one is aborted by its worker, and ends as cancelled when that
   * has heard of it.
   *
   * @throws QueueUnavailable
   */
  abstract cancel(id: string): Promise<Cancelled>;

  /**
   * Makes a task that waits for a time, of its schedule or of its backoff, due now; every other is left as it is. A
   * gate holds it like any task that is due.
   *
   * @throws QueueUnavailable
   */
  abstract runNow(id: string): Promise<'due' | 'finished' | 'unknown'>;

  /**
   * Makes a dead letter due now, with all its attempts before it and the earlier ones on record.
   *
   * @throws QueueUnavailable
   */
  abstract retry(id: string): Promise<Retried>;

  /**
   * Replaces a task of which no attempt has begun, and moves it to where it then belongs. Its id, client, queue and
   * lane stay.
   *
   * @throws QueueUnavailable
   */
  abstract edit(edit: TaskEdit): Promise<Edited>;
}

/** What is stored under the id: the task that was added now, or the one that had the id before. */
export interface Added {
  readonly task: Task;
  readonly isNew: boolean;
}

export type Cancelled = 'cancelled' | 'aborting' | 'finished' | 'unknown';

/** `too_late`: it has expired meanwhile, and stays a dead letter. */
export type Retried = 'retried' | 'not_dead' | 'too_late' | 'unknown';

export interface TaskEdit {
  /** As it is stored; nothing is replaced when somebody else has changed it since. */
  readonly before: Task;
  readonly after: Task;
  /** When the change was asked for, Unix milliseconds. */
  readonly now: number;
  /** Whether it becomes due when `after` says, whatever has been done about that before. */
  readonly isRescheduled: boolean;
}

/** `changed`: it is not as it was read any more. `started`: an attempt has begun, now or before. */
export type Edited = 'edited' | 'changed' | 'started' | 'finished' | 'unknown';

/** There is no room for one more task: of memory, or because as many as are allowed are alive. */
export class QueueFull extends Error {
  constructor(readonly what: 'memory' | 'tasks') {
    super(`The queue is full: ${what}`);
    this.name = 'QueueFull';
  }
}

/** The store is away, or will not take writes now. Trying again later with the same id is safe. */
export class QueueUnavailable extends Error {
  constructor(cause: unknown) {
    super('The queue is not available', { cause });
    this.name = 'QueueUnavailable';
  }
}
