import { callbackSource } from '../../task/callback-source.js';
import { isCall, type Task } from '../../task/task.js';
import { hostOfUrl } from '../gates/host-gate.js';

/** The gates of a task, in the order in which they are asked: its queue, its client, the host that it calls if it does. */
export function gatesOf(task: Task): string {
  const gates = `q:${task.queue}\nc:${task.clientId}`;
  return isCall(task.target) ? `${gates}\nh:${hostOfUrl(task.target.url)}` : gates;
}

/** The fields `data` and `opts` of a stored task. */
export function storedAs(task: Task): [data: string, opts: string] {
  return [JSON.stringify(task), optsFor(task.maxRetries + 1)];
}

/** The field `cb` of a stored task; '' = nobody wants to hear of its end. */
export function callbackField(task: Task): string {
  const source = callbackSource(task);
  return source ? JSON.stringify(source) : '';
}

/** What a reader that knows only BullMQ expects to find, as JSON. */
function optsFor(attempts: number): string {
  return `{"attempts":${attempts},"backoff":{"type":"exponential","delay":1000}}`;
}
