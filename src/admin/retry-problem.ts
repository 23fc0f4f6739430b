import { fullProblem } from '../task-request/full-problem.js';
import { ProblemError } from '../http/problem.js';
import type { Retried } from '../queue/task-queue.js';
import { notADeadLetter, taskExpired, taskNotFound } from '../tracking/task-problems.js';

/** Why a dead letter was not retried; nothing when it was. */
export function retryProblem(result: Retried): ProblemError | undefined {
  if (result === 'retried') return undefined;
  if (result === 'unknown') return taskNotFound();
  if (result === 'not_dead') return notADeadLetter();
  return result === 'too_late' ? taskExpired() : new ProblemError(fullProblem(result.what));
}
