import type { Attempt } from '../task/attempt.js';
import { calledBack } from '../task/callbacks.js';
import type { RetryPolicy } from '../task/retry-policy.js';
import type { Task } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import type { CallbackOrder } from './callback-order.js';

/** How callbacks are delivered, whatever the task that has ended says of itself. */
export interface CallbackRules {
  readonly maxRetries: number;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
}

/**
 * The task that an order asks for; nothing when nobody wants to hear of this end. It is of the same client and in the same
 * queue as the task that has ended, and has no callback itself.
 *
 * @param now Unix milliseconds
 */
export function toCallback(order: CallbackOrder, rules: CallbackRules, now: number): Task | undefined {
  const { clientId, queue, lane, callbacks, depth = 0, traceparent } = order.source;
  const url = calledBack(callbacks, order.ending);
  if (url === undefined) return undefined;
  return {
    id: order.id,
    clientId,
    queue,
    lane,
    target: {
      url,
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      body: { encoding: 'utf8', content: JSON.stringify(callbackBody(order)) },
    },
    createdAt: now,
    scheduledAt: now,
    ...rules,
    metadata: {},
    // A callback that leads to a task that leads to a callback comes to an end.
    depth: depth + 1,
    ...(traceparent !== undefined && { traceparent }),
    callbackOf: order.taskId,
  };
}

/** What a callback says. Members that do not apply are `null`, so that all are there. */
function callbackBody({
  taskId,
  ending,
  reason,
  attemptsMade,
  endedAt,
  lastAttempt,
  source,
}: CallbackOrder): object {
  return {
    task_id: taskId,
    client_id: source.clientId,
    queue: source.queue,
    state: ending,
    reason: reason || null,
    attempts: attemptsMade,
    ...lastAnswer(lastAttempt),
    metadata: source.metadata,
    created_at: formatTime(source.createdAt),
    scheduled_at: formatTime(source.scheduledAt),
    finished_at: formatTime(endedAt),
  };
}

/** What came of the last try. A result is JSON, and bounded where it was kept (dispatch/handlers/result-text.ts). */
function lastAnswer({ status, error, response, result = 'null' }: Partial<Attempt> = {}): object {
  return {
    status: status ?? null,
    error: error ?? null,
    response: response ?? null,
    result: JSON.parse(result) as unknown,
  };
}
