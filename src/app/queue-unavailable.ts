import { Logger } from '@nestjs/common';
import { ProblemError } from '../http/problem.js';
import { QueueUnavailable } from '../queue/task-queue.js';
import { NotDurable } from '../redis/writer.js';
import { Seldom } from '../time/seldom.js';

const RETRY_AFTER_SEC = 1;
const LOG_INTERVAL_MS = 1000;
const MAX_REASON = 200;

const UNAVAILABLE = {
  code: 'store_unavailable',
  detail:
    'The store cannot do this now. Send the request again; an enqueue with an Idempotency-Key or a task_id is never stored twice.',
};
const NOT_DURABLE = {
  code: 'not_durable',
  detail:
    'It may be done, but no replica of the store has confirmed it in time. Send the request again; an enqueue with an Idempotency-Key or a task_id is never stored twice.',
};

const logger = new Logger('Queue');
const seldom = new Seldom(LOG_INTERVAL_MS);

/** The queue knows nothing of HTTP: here its "not now" becomes an answer, and its reason a line in the log. */
export function queueUnavailable(error: unknown): ProblemError | undefined {
  if (!(error instanceof QueueUnavailable)) return undefined;
  warn(error.cause);
  return new ProblemError({
    status: 503,
    ...(error.cause instanceof NotDurable ? NOT_DURABLE : UNAVAILABLE),
    headers: { 'retry-after': String(RETRY_AFTER_SEC) },
  });
}

/** Every request of an outage fails for the same reason; one line a second is enough. */
function warn(cause: unknown): void {
  if (!seldom.isDue()) return;
  // The message only: an error of the client carries the command with its values.
  const words = cause instanceof Error ? cause.message : String(cause);
  logger.warn(`requests are answered 503, because the store says: ${words.slice(0, MAX_REASON)}`);
}
