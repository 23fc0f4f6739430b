import { fullProblem } from '../task-request/full-problem.js';
import { ProblemError } from '../http/problem.js';
import { QueueUnavailable } from '../queue/task-queue.js';
import { isOutOfMemory } from '../redis/unavailable.js';

/** A full store as an answer, when something else than enqueueing meets it: slow down, and nothing is broken. */
export function queueFull(error: unknown): ProblemError | undefined {
  const isFull = error instanceof QueueUnavailable && isOutOfMemory(error.cause);
  return isFull ? new ProblemError(fullProblem('memory')) : undefined;
}
