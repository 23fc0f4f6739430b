import type { Task } from '../task/task.js';
import type { EndedTask } from './task-news.js';
import type { Addition, Admission, AddResult, Full, SentAgain } from './admission/admission.js';

/** The write side of the queue. */
export abstract class TaskQueue {
  /**
   * Stores a task, unless something speaks against it: asked in this order are whether its client has changed, and is
   * enabled; whether the task is stored already; room; the quota of its client. When the promise resolves to `added` or
   * `replayed`, the task survives the loss of this process.
   *
   * An id that a caller chose and that is stored already is `replayed`. A random one is taken to be new.
   *
   * @throws QueueUnavailable when the store cannot say that it has the task, and it may have it all the same
   */
  abstract add(task: Task, admission?: Admission): Promise<AddResult>;

  /**
   * Stores all of these tasks or none: when one is refused, the others are `skipped`. Each is judged as if those before it
   * were stored. It is done in one piece, which holds the store: at most `MOST_AT_ONCE`.
   *
   * @throws QueueUnavailable
   */
  abstract addAllOrNone(additions: readonly Addition[]): Promise<readonly AddResult[]>;

  /**
   * What `add` would answer to a request that is stored already, and nothing when it is not. For a request that is
   * sent again when it would be refused as a new one, such as for a time that has passed since.
   *
   * @throws QueueUnavailable
   */
  abstract replay(request: SentAgain): Promise<AddResult | undefined>;

  /**
   * Cancels a task: at once unless it runs; a running one is aborted by its worker, and ends as cancelled when that
   * has heard of it.
   *
   * @param operation counts it in the same step when something is done
   * @throws QueueUnavailable
   */
  abstract cancel(id: string, operation?: string): Promise<Cancelled>;

  /**
   * Makes a task that waits for a time, of its schedule or of its backoff, due now; every other is left as it is. A
   * gate holds it like any task that is due.
   *
   * @throws QueueUnavailable
   */
  abstract runNow(id: string): Promise<Run>;

  /**
   * Makes a dead letter due now, with all its attempts before it and the earlier ones on record. It needs room as a new
   * task does: of all tasks, of its client and in its queue.
   *
   * @throws QueueUnavailable
   */
  abstract retry(id: string, how?: RetryHow): Promise<Retried>;

  /**
   * Replaces a dead letter, and retries it in the same step when that is asked: then it needs what `retry` needs, and without
   * that nothing is done. Its id, client, queue and lane stay.
   *
   * @throws QueueUnavailable
   */
  abstract editDeadLetter(edit: DeadLetterEdit): Promise<DeadLetterEdited>;

  /**
   * Removes a dead letter for good.
   *
   * @param audited line for the audit log, written in the same step when it is deleted
   * @throws QueueUnavailable
   */
  abstract deleteDeadLetter(id: string, audited?: string): Promise<'deleted' | 'not_dead' | 'unknown'>;

  /**
   * Removes a task that has ended, in whatever way, for good.
   *
   * @param operation counts it in the same step when it is removed
   * @throws QueueUnavailable
   */
  abstract deleteEnded(id: string, operation?: string): Promise<'deleted' | 'not_ended' | 'unknown'>;

  /**
   * Replaces a task of which no attempt has begun, and moves it to where it then belongs. Its id, client, queue and
   * lane stay.
   *
   * @throws QueueUnavailable
   */
  abstract edit(edit: TaskEdit): Promise<Edited>;
}

export interface RetryHow {
  /** Line for the audit log, written in the same step when it is retried. */
  readonly audited?: string;
  /** With one attempt: when that fails it is a dead letter again (`canary_failed`). */
  readonly isCanary?: boolean;
  /** Counts it in the same step when it is retried. */
  readonly operation?: string;
}

/** An end that it has come to instead: it had expired. */
export type Run = 'due' | 'finished' | 'unknown' | EndedTask;

export type Cancelled = 'cancelled' | 'aborting' | 'finished' | 'unknown';

/** `too_late`: it has expired meanwhile. With this and without room it stays a dead letter. */
export type Retried = 'retried' | 'not_dead' | 'too_late' | 'unknown' | Full;

export interface TaskEdit {
  /** As it is stored; nothing is replaced when somebody else has changed it since. */
  readonly before: Task;
  readonly after: Task;
  /** When the change was asked for, Unix milliseconds. */
  readonly now: number;
  /** Whether it becomes due when `after` says, whatever has been done about that before. */
  readonly isRescheduled: boolean;
  /** Counts it in the same step when it is edited. */
  readonly operation?: string;
}

export interface DeadLetterEdit extends Omit<TaskEdit, 'isRescheduled' | 'operation'> {
  readonly isRetried: boolean;
  /** Line for the audit log, written in the same step when it is done. */
  readonly audited?: string;
}

/** `changed`: it is not as it was read any more. */
export type DeadLetterEdited = 'edited' | 'changed' | Retried;

/** `changed`: it is not as it was read any more. `started`: an attempt has begun, now or before. */
export type Edited = 'edited' | 'changed' | 'started' | 'finished' | 'unknown';

/** The store is away, or will not take writes now. Trying again later with the same id is safe. */
export class QueueUnavailable extends Error {
  constructor(cause: unknown) {
    super('The queue is not available', { cause });
    this.name = 'QueueUnavailable';
  }
}
