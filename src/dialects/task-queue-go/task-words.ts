import type { TaskSnapshot } from '../../queue/task-reader.js';
import type { Attempt } from '../../task/attempt.js';
import { isPlainObject } from '../../http/instantiate.js';
import { typeOf } from '../../task/task.js';
import { TASK_STATES, type TaskState } from '../../task/task-state.js';
import { formatTime } from '../../time/rfc3339.js';
import { dataOf, resultOf } from '../../tracking/payload-of.js';
import { priorityOf } from './priority.js';
import type { GoTask } from './task-queue-go.dto.js';

/** It knows no gates and no expiry; its other words are ours. */
export const STATE: Readonly<Record<TaskState, GoTask['state']>> = {
  scheduled: 'scheduled',
  pending: 'pending',
  deferred: 'pending',
  running: 'running',
  retrying: 'retrying',
  completed: 'completed',
  dead_letter: 'dead_letter',
  expired: 'failed',
  cancelled: 'cancelled',
};

/** What it calls by this word. */
export function statesOf(word: GoTask['state']): readonly TaskState[] {
  return TASK_STATES.filter((state) => STATE[state] === word);
}

/** A task in the words of Task Queue Go. */
export function goTask(snapshot: TaskSnapshot): GoTask {
  const { task, state } = snapshot;
  return {
    id: task.id,
    type: typeOf(task),
    payload: asObject(dataOf(task)),
    priority: priorityOf(task.lane),
    state: STATE[state],
    attempts: snapshot.attemptsMade,
    max_retries: task.maxRetries,
    ...outcomeOf(snapshot),
    created_at: formatTime(task.createdAt),
    ...timesOf(snapshot),
    timeout: task.timeoutMs / 1000,
    ...(Object.keys(task.metadata).length > 0 && { metadata: task.metadata }),
  };
}

function outcomeOf(snapshot: TaskSnapshot): Pick<GoTask, 'error' | 'result'> {
  if (snapshot.state === 'completed') return withResult(resultOf(snapshot), snapshot.attempts.at(-1));
  return withError(snapshot.attempts.at(-1), snapshot.deadLetterReason);
}

function withResult(result: unknown, last: Attempt | undefined): Pick<GoTask, 'result'> {
  if (result !== undefined) return { result: asObject(result) };
  return last?.status === undefined ? {} : { result: { status_code: last.status } };
}

function withError(last: Attempt | undefined, reason: string | undefined): Pick<GoTask, 'error'> {
  // What we have stopped ourselves is no failure.
  const error = (last && last.class !== 'interrupted' ? wordsOf(last) : undefined) ?? reason;
  return error === undefined ? {} : { error };
}

function wordsOf({ error, status }: Attempt): string | undefined {
  return error?.message ?? (status === undefined ? undefined : `HTTP ${status}`);
}

function timesOf({ task, attempts, finishedAt }: TaskSnapshot): Omit<GoTimes, 'created_at'> {
  const last = attempts.at(-1);
  const isLater = task.scheduledAt > task.createdAt;
  return {
    updated_at: formatTime(finishedAt ?? last?.endedAt ?? task.createdAt),
    ...(isLater && { scheduled_at: formatTime(task.scheduledAt) }),
    ...(last && { started_at: formatTime(last.startedAt) }),
    ...(finishedAt !== undefined && { completed_at: formatTime(finishedAt) }),
  };
}

type GoTimes = Pick<GoTask, 'created_at' | 'updated_at' | 'scheduled_at' | 'started_at' | 'completed_at'>;

/** Its clients expect objects. */
function asObject(value: unknown): object {
  return isPlainObject(value) ? value : { value };
}
