import { ProblemError } from '../http/problem.js';
import { QueueUnavailable } from '../queue/task-queue.js';

const RETRY_AFTER_SEC = 1;

/** The queue knows nothing of HTTP: here its "not now" becomes an answer. */
export function queueUnavailable(error: unknown): ProblemError | undefined {
  if (!(error instanceof QueueUnavailable)) return undefined;
  return new ProblemError({
    status: 503,
    code: 'store_unavailable',
    detail:
      'The store does not answer now. The request may or may not have been carried out; send it again, with the same task_id if it had one.',
    headers: { 'retry-after': String(RETRY_AFTER_SEC) },
  });
}
