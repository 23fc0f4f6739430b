import type { TaskSnapshot } from '../queue/task-reader.js';
import type { Attempt } from '../task/attempt.js';
import { calledBack, ENDINGS } from '../task/callbacks.js';
import type { RetryPolicy } from '../task/retry-policy.js';
import type { TaskState } from '../task/task-state.js';
import { type CallTarget, isCall, type Task, type TaskTarget, typeOf } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import { payloadOf, resultOf } from './payload-of.js';
import type { RetryView } from './retry-view.dto.js';
import type { AttemptView, TargetView, TaskView } from './task-view.dto.js';

/** The same with what its handler returned; `null` when it has not, or there was nothing. */
export function taskViewWithResult(snapshot: TaskSnapshot): TaskView {
  return Object.assign(taskView(snapshot), { result: resultOf(snapshot) ?? null });
}

/** A task as the API shows it: RFC 3339 times, seconds, and no headers. */
export function taskView(snapshot: TaskSnapshot): TaskView {
  const { task, nextAttemptAt, finishedAt, deadLetterReason } = snapshot;
  return {
    task_id: task.id,
    client_id: task.clientId,
    queue: task.queue,
    state: snapshot.state,
    type: typeOf(task),
    ...workView(task.target, snapshot.isUnreadable),
    metadata: task.metadata,
    created_at: formatTime(task.createdAt),
    scheduled_at: formatTime(task.scheduledAt),
    ...(task.expiresAt !== undefined && { expires_at: formatTime(task.expiresAt) }),
    ...(nextAttemptAt !== undefined && { next_attempt_at: formatTime(nextAttemptAt) }),
    ...(finishedAt !== undefined && { finished_at: formatTime(finishedAt) }),
    max_retries: task.maxRetries,
    max_attempts: task.maxRetries + 1,
    attempts_made: snapshot.attemptsMade,
    timeout: task.timeoutMs / 1000,
    retry: retryView(task.retry),
    ...(deadLetterReason !== undefined && { dead_letter_reason: deadLetterReason }),
    ...(task.scheduleId !== undefined && { schedule_id: task.scheduleId }),
    ...callbackView(snapshot),
    attempts: snapshot.attempts.map(attemptView),
  };
}

type Callbacks = Pick<TaskView, 'callback_url' | 'failure_callback_url' | 'callback_task_id' | 'callback_of'>;

/** Whether somebody is told that it has ended so; of what no key opens somebody may be. */
function isCalledBack(callbacks: Task['callbacks'], state: TaskState): boolean {
  if (!callbacks) return false;
  return callbacks.sealed !== undefined || ENDINGS.some((end) => end === state && calledBack(callbacks, end));
}

function callbackView({ task, state, callbackId }: TaskSnapshot): Callbacks {
  const { url, failureUrl } = task.callbacks ?? {};
  return {
    ...(url !== undefined && { callback_url: url }),
    ...(failureUrl !== undefined && { failure_callback_url: failureUrl }),
    ...(isCalledBack(task.callbacks, state) && callbackId !== undefined && { callback_task_id: callbackId }),
    ...(task.callbackOf !== undefined && { callback_of: task.callbackOf }),
  };
}

type WorkView = Pick<TaskView, 'task' | 'payload' | 'is_encrypted'>;

/** Of a typed task the payload as it was enqueued; of one that is mapped to a URL also what it calls. */
function workView(target: TaskTarget, isUnreadable?: boolean): WorkView {
  const payload = payloadOf(target);
  if (!isCall(target)) return target.sealed === undefined ? { payload } : { is_encrypted: true };
  if (payload === undefined) return { task: targetView(target, isUnreadable) };
  return { task: { url: target.url, method: target.method }, payload };
}

function targetView({ url, method, body, sealed }: CallTarget, isUnreadable = false): TargetView {
  if (isUnreadable) return { url, method, is_unreadable: true };
  if (sealed !== undefined) return { url, method, is_encrypted: true };
  if (!body) return { url, method };
  const content = body.encoding === 'base64' ? { body_base64: body.content } : { body: body.content };
  return { url, method, ...content };
}

/** What applies, as a request would write it. */
function retryView(policy: RetryPolicy): RetryView {
  const { strategy, delaysMs, jitter, permanentStatuses, maxAgeMs } = policy;
  const waits = delaysMs
    ? { delays: delaysMs.map((ms) => ms / 1000) }
    : { min_backoff: policy.minBackoffMs / 1000, max_backoff: policy.maxBackoffMs / 1000 };
  return {
    strategy,
    ...waits,
    jitter,
    ...(permanentStatuses && { permanent_statuses: permanentStatuses }),
    ...(maxAgeMs !== undefined && { max_age: maxAgeMs / 1000 }),
  };
}

function attemptView({ timings, ...attempt }: Attempt): AttemptView {
  return {
    number: attempt.number,
    started_at: formatTime(attempt.startedAt),
    ended_at: formatTime(attempt.endedAt),
    class: attempt.class,
    ...(attempt.status !== undefined && { status: attempt.status }),
    ...(attempt.error && { error: attempt.error }),
    ...(attempt.retryAfterMs !== undefined && { retry_after_ms: attempt.retryAfterMs }),
    ...probeView(attempt),
    ...(timings.queueMs !== undefined && { queue_ms: timings.queueMs }),
    ...(timings.connectMs !== undefined && { connect_ms: timings.connectMs }),
    ...(timings.firstByteMs !== undefined && { first_byte_ms: timings.firstByteMs }),
    total_ms: timings.totalMs,
    ...(attempt.response !== undefined && { response: attempt.response }),
  };
}

function probeView({ isProbe }: Pick<Attempt, 'isProbe'>): { is_probe?: boolean } {
  return isProbe ? { is_probe: true } : {};
}
