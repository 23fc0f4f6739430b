import type { ClaimedTask } from '../queue/task-handler.js';
import type { CallTarget, Task, TaskBody } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import type { OutgoingRequest } from './http-sender.js';

/** What the sender says of itself in every request. */
export interface SenderIdentity {
  /** `task-runner/<version>` */
  readonly userAgent: string;
  /** Of the call itself, when it is traced; else that of the task goes on. */
  readonly traceparent?: string | undefined;
  /** A W3C traceparent for tasks that came without one. */
  readonly freshTraceparent: () => string;
}

/**
 * The request of an attempt. Every try carries the same id, so that the target can tell a repeat from a new task; the
 * task's own headers come first and win where both could name one.
 */
export function buildRequest(
  { task, attempt }: Pick<ClaimedTask, 'task' | 'attempt'>,
  target: CallTarget,
  sender: SenderIdentity,
): OutgoingRequest {
  const headers = target.headers.flat();
  addIdentity(headers, task, attempt);
  if (target.type !== undefined) headers.push('X-Task-Type', target.type);
  addDefaults(headers, target, { task, sender });
  return {
    url: target.url,
    method: target.method,
    headers,
    body: target.body && bytesOf(target.body),
    timeoutMs: task.timeoutMs,
  };
}

interface From {
  readonly task: Task;
  readonly sender: SenderIdentity;
}

/** A task cannot name these itself. */
function addIdentity(headers: string[], task: Task, attempt: number): void {
  headers.push('X-Task-Id', task.id);
  headers.push('X-Task-Attempt', String(attempt));
  headers.push('X-Task-Retry-Count', String(attempt - 1));
  headers.push('X-Task-Queue', task.queue);
  headers.push('X-Task-Scheduled-At', formatTime(task.scheduledAt));
  // Comes back when the target is a Task Runner: a task that enqueues itself must come to an end.
  headers.push('X-Task-Depth', String((task.depth ?? 0) + 1));
}

function addDefaults(headers: string[], target: CallTarget, { task, sender }: From): void {
  if (!names(target, 'idempotency-key')) headers.push('Idempotency-Key', task.id);
  if (!names(target, 'traceparent')) {
    const own = sender.traceparent ?? task.traceparent;
    headers.push('traceparent', own ?? sender.freshTraceparent());
  }
  if (!names(target, 'user-agent')) headers.push('User-Agent', sender.userAgent);
}

function names({ headers }: CallTarget, wanted: string): boolean {
  return headers.some(([name]) => name.length === wanted.length && name.toLowerCase() === wanted);
}

function bytesOf({ encoding, content }: TaskBody): Buffer {
  return Buffer.from(content, encoding);
}
