import type { TaskSnapshot } from '../../queue/task-reader.js';
import type { Attempt } from '../../task/attempt.js';
import { typeOf } from '../../task/task.js';
import type { TaskState } from '../../task/task-state.js';
import { formatTime } from '../../time/rfc3339.js';
import { dataOf, resultOf } from '../../tracking/payload-of.js';
import type { FlaskTask } from './flask-worker.dto.js';

/** Between attempts a task is queued: this system knows no waiting for a retry. */
export const STATUS: Readonly<Record<TaskState, FlaskTask['status']>> = {
  scheduled: 'queued',
  pending: 'queued',
  deferred: 'queued',
  retrying: 'queued',
  running: 'processing',
  completed: 'completed',
  dead_letter: 'failed',
  expired: 'failed',
  cancelled: 'cancelled',
};

/** A task in the words of Task Queue Worker. */
export function flaskTask(snapshot: TaskSnapshot): FlaskTask {
  const { task, state, attempts, finishedAt } = snapshot;
  const updatedAt = finishedAt ?? attempts.at(-1)?.endedAt;
  const result = resultWords(snapshot);
  return {
    id: task.id,
    type: typeOf(task),
    data: dataOf(task),
    status: STATUS[state],
    created_at: formatTime(task.createdAt),
    ...(updatedAt !== undefined && { updated_at: formatTime(updatedAt) }),
    ...(result !== undefined && { result }),
  };
}

/** Its own worker writes a sentence when a task has ended. */
function resultWords(snapshot: TaskSnapshot): unknown {
  const last = snapshot.attempts.at(-1);
  if (snapshot.state === 'completed') return sentenceOf(resultOf(snapshot)) ?? statusWords(last);
  return STATUS[snapshot.state] === 'failed' ? failureWords(snapshot, last) : undefined;
}

function failureWords({ state, deadLetterReason }: TaskSnapshot, last: Attempt | undefined): string {
  return `Error: ${last?.error?.message ?? statusWords(last) ?? deadLetterReason ?? state}`;
}

function sentenceOf(result: unknown): unknown {
  const isTold = typeof result === 'object' && result !== null && 'message' in result;
  return isTold ? result.message : result;
}

function statusWords(attempt: Attempt | undefined): string | undefined {
  return attempt?.status === undefined ? undefined : `HTTP ${attempt.status}`;
}
