import type { Callbacks } from './callbacks.js';
import type { Task } from './task.js';

/** What a callback says of the task that has ended, and where it belongs. */
const SAID = [
  'clientId',
  'queue',
  'lane',
  'createdAt',
  'scheduledAt',
  'metadata',
  'depth',
  'traceparent',
] as const;

/**
 * What is kept for the callback of a task beside the task itself, so that the callback can be made out of it when the task is
 * gone.
 */
export type CallbackSource = Pick<Task, (typeof SAID)[number]> & { readonly callbacks: Callbacks };

/** Nothing of a task that nobody wants to hear of. */
export function callbackSource({ callbacks, ...task }: Task): CallbackSource | undefined {
  if (!callbacks) return undefined;
  const said = Object.fromEntries(SAID.map((name) => [name, task[name]])) as Pick<
    Task,
    (typeof SAID)[number]
  >;
  return { ...said, callbacks };
}
