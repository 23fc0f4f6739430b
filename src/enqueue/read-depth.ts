import { ProblemError } from '../http/problem.js';

/** A task may enqueue a task that enqueues a task, and so on, so many times. */
const MOST = 5;

/**
 * How many tasks in a row led to this request, by the header that every call of a task carries. Of several the largest
 * counts: a second one was added on the way.
 *
 * @throws ProblemError when there are too many: a task that leads to itself would go on for ever
 */
export function readDepth(header: string | undefined): number {
  const depths = header?.split(',').map((text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : 0)) ?? [];
  const depth = Math.max(0, ...depths);
  if (depth < MOST) return depth;
  throw new ProblemError({
    status: 400,
    code: 'task_loop',
    detail: `This request comes from a task that was enqueued by a task, ${MOST} times in a row: that looks like a loop.`,
    // For the worker that made this call: trying again is of no use.
    headers: { 'x-task-no-retry': 'true' },
  });
}
