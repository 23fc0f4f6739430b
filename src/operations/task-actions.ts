import { fullProblem } from '../task-request/full-problem.js';
import type { Retried, RetryHow, TaskEdit, TaskQueue } from '../queue/task-queue.js';
import type { TaskSnapshot } from '../queue/task-reader.js';
import type { Operation, OperationSpec } from './operation.js';

/** Why a task was left as it is; nothing when it was not. The same words as in the problems of a single task. */
export type SkipCode = string | undefined;

interface Deed {
  readonly operation: Pick<Operation, 'id' | 'spec'>;
  readonly snapshot: TaskSnapshot;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Whether nothing is left to do with it: whoever worked on the operation before has died before it said so. */
export function isDone({ action, dueAt }: OperationSpec, { task }: TaskSnapshot): boolean {
  return action === 'reschedule' && task.scheduledAt === dueAt;
}

/** What an operation does with one task that its filter fits; the script that does it counts it. */
export function act(
  queue: TaskQueue,
  { operation: { id: operation, spec }, snapshot, now }: Deed,
): Promise<SkipCode> {
  const { id } = snapshot.task;
  switch (spec.action) {
    case 'retry':
      return retry(queue, id, { operation });
    case 'cancel':
      return queue.cancel(id, operation).then((result) => CANCELLED[result]);
    case 'delete':
      return queue.deleteEnded(id, operation).then((result) => DELETED[result]);
    case 'reschedule':
      return reschedule(queue, snapshot, { now, dueAt: spec.dueAt ?? now, operation });
    case 'purge':
      return Promise.reject(new Error('a purge is no matter of single tasks'));
  }
}

const UNKNOWN = 'task_not_found';

const CANCELLED = {
  cancelled: undefined,
  aborting: undefined,
  finished: 'task_finished',
  unknown: UNKNOWN,
} as const;
const DELETED = { deleted: undefined, not_ended: 'task_not_finished', unknown: UNKNOWN } as const;
const EDITED = {
  edited: undefined,
  changed: 'task_changed',
  started: 'task_started',
  finished: 'task_finished',
  unknown: UNKNOWN,
} as const;

/** @returns why it was not retried */
export async function retry(queue: TaskQueue, id: string, how?: RetryHow): Promise<SkipCode> {
  return retryCode(await queue.retry(id, how));
}

function retryCode(result: Retried): SkipCode {
  if (typeof result === 'object') return fullProblem(result.what).code;
  const codes = {
    retried: undefined,
    not_dead: 'not_a_dead_letter',
    too_late: 'task_expired',
    unknown: UNKNOWN,
  };
  return codes[result];
}

async function reschedule(
  queue: TaskQueue,
  { task, stored, isUnreadable }: TaskSnapshot,
  { now, dueAt, operation }: { readonly now: number; readonly dueAt: number; readonly operation: string },
): Promise<SkipCode> {
  if (isUnreadable) return 'task_unreadable';
  if (task.expiresAt !== undefined && task.expiresAt <= dueAt) return 'task_expires_before';
  const edit: TaskEdit = {
    before: stored,
    after: { ...task, scheduledAt: dueAt },
    now,
    isRescheduled: true,
    operation,
  };
  return EDITED[await queue.edit(edit)];
}
