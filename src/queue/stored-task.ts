import type { Task } from '../task/task.js';

/** What the gate of a host goes by. */
export function hostOf(task: Task): string {
  return new URL(task.target.url).origin;
}

/** The fields `data` and `opts` of a stored task. */
export function storedAs(task: Task): [data: string, opts: string] {
  return [JSON.stringify(task), optsFor(task.maxRetries + 1)];
}

/** What a reader that knows only BullMQ expects to find, as JSON. */
function optsFor(attempts: number): string {
  return `{"attempts":${attempts},"backoff":{"type":"exponential","delay":1000}}`;
}
