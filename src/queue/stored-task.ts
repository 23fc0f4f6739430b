import type { Task } from '../task/task.js';

/** What the gate of a host goes by. */
export function hostOf(task: Task): string {
  return new URL(task.target.url).origin;
}

/** The fields `data` and `opts` of a stored task. */
export function storedAs(task: Task): [data: string, opts: string] {
  // What a reader that knows only BullMQ expects to find.
  const opts = { attempts: task.maxRetries + 1, backoff: { type: 'exponential', delay: 1000 } };
  return [JSON.stringify(task), JSON.stringify(opts)];
}
