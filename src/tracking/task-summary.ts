import { lastErrorOf } from '../queue/search/last-error.js';
import type { TaskPage, TaskSnapshot } from '../queue/task-reader.js';
import { type CallTarget, isCall, typeOf } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import { nextCursor } from '../http/cursor.js';
import type { TargetSummary, TaskList, TaskSummary } from './task-summary.dto.js';

/** Answers of targets can be long; in a list nobody reads more. */
const MOST_OF_ERROR = 500;

/** A page of a list as the API shows it. */
export function taskListView({ tasks, next, window }: TaskPage): TaskList {
  const { scanned, from, to, isComplete } = window;
  return {
    tasks: tasks.map(taskSummary),
    next_cursor: nextCursor(next),
    window: { scanned, from: timeView(from), to: timeView(to), complete: isComplete },
  };
}

/** The same of dead letters: with what they died of. */
export function deadLetterListView(page: TaskPage): TaskList {
  const list = taskListView(page);
  for (const [at, { fingerprint }] of page.tasks.entries()) {
    if (fingerprint !== undefined) Object.assign(list.tasks[at] ?? {}, { fingerprint });
  }
  return list;
}

function timeView(at: number | undefined): string | null {
  return at === undefined ? null : formatTime(at);
}

/** A task as lists show it: neither its body nor its headers. */
function taskSummary(listed: TaskSnapshot): TaskSummary {
  const { task, state, attemptsMade, deadLetterReason } = listed;
  const lastError = lastErrorOf(listed).join(' ');
  return {
    task_id: task.id,
    client_id: task.clientId,
    queue: task.queue,
    state,
    type: typeOf(task),
    ...(isCall(task.target) && { task: targetSummary(task.target, listed.isUnreadable) }),
    metadata: task.metadata,
    created_at: formatTime(task.createdAt),
    scheduled_at: formatTime(task.scheduledAt),
    ...timesView(listed),
    attempts_made: attemptsMade,
    max_attempts: task.maxRetries + 1,
    ...(deadLetterReason !== undefined && { dead_letter_reason: deadLetterReason }),
    ...(lastError !== '' && { last_error: lastError.slice(0, MOST_OF_ERROR) }),
  };
}

function timesView({ task, nextAttemptAt, finishedAt }: TaskSnapshot): Partial<TaskSummary> {
  return {
    ...(task.expiresAt !== undefined && { expires_at: formatTime(task.expiresAt) }),
    ...(nextAttemptAt !== undefined && { next_attempt_at: formatTime(nextAttemptAt) }),
    ...(finishedAt !== undefined && { finished_at: formatTime(finishedAt) }),
  };
}

function targetSummary({ url, method, sealed }: CallTarget, isUnreadable = false): TargetSummary {
  return {
    url,
    method,
    ...(isUnreadable && { is_unreadable: true }),
    ...(!isUnreadable && sealed !== undefined && { is_encrypted: true }),
  };
}
