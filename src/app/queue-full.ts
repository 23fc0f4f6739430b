import { ProblemError, type ProblemInit } from '../http/problem.js';
import { QueueFull, QueueUnavailable } from '../queue/task-queue.js';

const RETRY_AFTER_SEC = 5;

const FULL: Readonly<Record<QueueFull['what'], Pick<ProblemInit, 'code' | 'detail'>>> = {
  memory: {
    code: 'store_full',
    detail:
      'The store is short of memory and takes no new task until some are done. Send the request again later.',
  },
  tasks: {
    code: 'queue_full',
    detail: 'As many tasks wait or run as are allowed (MAX_QUEUE_SIZE). Send the request again later.',
  },
};

/** A full queue as an answer: the client is to slow down, and nothing is broken. */
export function queueFull(error: unknown): ProblemError | undefined {
  const what = whatIsFull(error);
  if (what === undefined) return undefined;
  return new ProblemError({
    status: 503,
    ...FULL[what],
    headers: { 'retry-after': String(RETRY_AFTER_SEC) },
  });
}

/** Redis refuses by itself what came in between two looks at its memory. */
function whatIsFull(error: unknown): QueueFull['what'] | undefined {
  if (error instanceof QueueFull) return error.what;
  const isOutOfMemory =
    error instanceof QueueUnavailable &&
    error.cause instanceof Error &&
    error.cause.message.startsWith('OOM');
  return isOutOfMemory ? 'memory' : undefined;
}
