import { readAttempt } from '../queue/read-task.js';
import type { Attempt } from '../task/attempt.js';
import type { CallbackSource } from '../task/callback-source.js';
import type { Ending } from '../task/callbacks.js';

/** That somebody wanted to hear of the end of a task, and it has ended. */
export interface CallbackOrder {
  /** Of the task that it becomes. */
  readonly id: string;
  /** Of the task that has ended. */
  readonly taskId: string;
  readonly ending: Ending;
  /** Why, of a dead letter and of what was held for too long. */
  readonly reason: string;
  /** Tries that counted. */
  readonly attemptsMade: number;
  /** Unix milliseconds. */
  readonly endedAt: number;
  readonly lastAttempt?: Attempt | undefined;
  readonly source: CallbackSource;
}

/** An order as the scripts have it, see callbacks.lua; nothing when something else has written to it. */
export function readOrder(id: string, text: string): CallbackOrder | undefined {
  const [taskId = '', ending, reason = '', attemptsMade, endedAt, attempt = '', source = ''] =
    text.split('\n');
  try {
    return {
      id,
      taskId,
      ending: ending as Ending,
      reason,
      attemptsMade: Number(attemptsMade),
      endedAt: Number(endedAt),
      lastAttempt: readAttempt(attempt),
      source: JSON.parse(source) as CallbackSource,
    };
  } catch {
    return undefined;
  }
}
