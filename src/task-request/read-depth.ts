import { ProblemError } from '../http/problem.js';

/** The header that every call of a task carries: how many tasks in a row led to it, itself included. */
export const DEPTH = 'x-task-depth';

/** A task may enqueue a task that enqueues a task, and so on, so many times. */
const MOST = 5;

/**
 * How many tasks in a row led to this request, by the header that every call of a task carries. Of several the largest
 * counts: a second one was added on the way.
 *
 * @throws ProblemError when there are too many: a task that leads to itself would go on for ever
 */
export function readDepth(header: string | undefined): number {
  const depth = depthIn(header);
  if (depth < MOST) return depth;
  throw taskLoop(
    `This request comes from a task that was enqueued by a task, ${MOST} times in a row: that looks like a loop.`,
  );
}

/**
 * For what begins a task anew that is there already, and has a depth of its own that does not grow.
 *
 * @throws ProblemError when the request comes from a task
 */
export function requireNoTask(header: string | undefined): void {
  if (depthIn(header) > 0)
    throw taskLoop(
      'This request comes from a task, which may retry no other one: that could go on for ever.',
    );
}

function depthIn(header: string | undefined): number {
  const depths = header?.split(',').map((text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : 0)) ?? [];
  return Math.max(0, ...depths);
}

function taskLoop(detail: string): ProblemError {
  // For the worker that made this call: trying again is of no use.
  return new ProblemError({ status: 400, code: 'task_loop', detail, headers: { 'x-task-no-retry': 'true' } });
}
