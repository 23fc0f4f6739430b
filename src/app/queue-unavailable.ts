import { Logger } from '@nestjs/common';
import { ProblemError } from '../http/problem.js';
import { QueueUnavailable } from '../queue/task-queue.js';

const RETRY_AFTER_SEC = 1;
const LOG_INTERVAL_MS = 1000;
const MAX_REASON = 200;

const logger = new Logger('Queue');
let loggedAt = -Infinity;

/** The queue knows nothing of HTTP: here its "not now" becomes an answer, and its reason a line in the log. */
export function queueUnavailable(error: unknown): ProblemError | undefined {
  if (!(error instanceof QueueUnavailable)) return undefined;
  warn(error.cause);
  return new ProblemError({
    status: 503,
    code: 'store_unavailable',
    detail:
      'The store cannot do this now. Send the request again; an enqueue with a task_id is never stored twice.',
    headers: { 'retry-after': String(RETRY_AFTER_SEC) },
  });
}

/** Every request of an outage fails for the same reason; one line a second is enough. */
function warn(cause: unknown): void {
  const now = performance.now();
  if (now - loggedAt < LOG_INTERVAL_MS) return;
  loggedAt = now;
  // The message only: an error of the client carries the command with its values.
  const words = cause instanceof Error ? cause.message : String(cause);
  logger.warn(`requests are answered 503, because the store says: ${words.slice(0, MAX_REASON)}`);
}
