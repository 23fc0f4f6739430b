import type { Task } from './task.js';

/** Who is told when a task has ended. */
export interface Callbacks {
  /** Of a success; and of every other end when there is no `failureUrl`. */
  readonly url?: string;
  /** Of an end that is no success: dead letter, expired, cancelled. */
  readonly failureUrl?: string;
  /** Both, encrypted: as they are stored, or when no key at hand opens them. */
  readonly sealed?: string;
}

/** The states in which a task has ended. */
export const ENDINGS = ['completed', 'dead_letter', 'cancelled', 'expired'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Who is told of this end; nothing when nobody is. */
export function calledBack({ url, failureUrl }: Callbacks, ending: Ending): string | undefined {
  return ending === 'completed' ? url : (failureUrl ?? url);
}

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
