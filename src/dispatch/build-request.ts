import type { ClaimedTask } from '../queue/task-handler.js';
import type { TaskBody } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import type { OutgoingRequest } from './http-sender.js';

type Header = readonly [name: string, value: string];

/** What the sender brings to every request. */
export interface Sender {
  /** `task-runner/<version>` */
  readonly userAgent: string;
  /** A W3C traceparent for tasks that came without one. */
  readonly freshTraceparent: () => string;
}

/**
 * The request of an attempt. Every try carries the same id, so that the target can tell a repeat from a new task; the
 * task's own headers come first and win where both could name one.
 */
export function buildRequest(claimed: ClaimedTask, sender: Sender): OutgoingRequest {
  const { target, timeoutMs } = claimed.task;
  return {
    url: target.url,
    method: target.method,
    headers: [
      ...target.headers,
      ...identity(claimed),
      ...unlessNamed(target.headers, defaults(claimed, sender)),
    ],
    body: target.body && bytesOf(target.body),
    timeoutMs,
  };
}

/** A task cannot name these itself. */
function identity({ task, attempt }: ClaimedTask): Header[] {
  return [
    ['X-Task-Id', task.id],
    ['X-Task-Attempt', String(attempt)],
    ['X-Task-Retry-Count', String(attempt - 1)],
    ['X-Task-Queue', task.queue],
    ['X-Task-Scheduled-At', formatTime(task.scheduledAt)],
  ];
}

function defaults({ task }: ClaimedTask, sender: Sender): Header[] {
  return [
    ['Idempotency-Key', task.id],
    ['traceparent', task.traceparent ?? sender.freshTraceparent()],
    ['User-Agent', sender.userAgent],
  ];
}

function unlessNamed(own: readonly Header[], additions: readonly Header[]): Header[] {
  const named = new Set(own.map(([name]) => name.toLowerCase()));
  return additions.filter(([name]) => !named.has(name.toLowerCase()));
}

function bytesOf({ encoding, content }: TaskBody): Buffer {
  return Buffer.from(content, encoding);
}
