import { Injectable } from '@nestjs/common';
import { TaskQueue } from '../queue/task-queue.js';
import { TaskReader, type TaskSnapshot } from '../queue/task-reader.js';
import { isFinal, type TaskState } from '../task/task-state.js';
import type { ChosenCanary } from './operation.js';
import { retry, type SkipCode } from './task-actions.js';

type Seen = { readonly state: TaskState | 'gone' } | { readonly refused: NonNullable<SkipCode> };

/** What all of a group died of may be there still: one goes first, with one attempt, and the others only when it comes back well. */
@Injectable()
export class Canary {
  constructor(
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
  ) {}

  /**
   * Sends the one that was chosen, unless that was done, and tells how it is. Which one it is, and when it had died, was
   * recorded before: whoever follows a process that has died sends no second one.
   */
  async look({ id, diedAt }: ChosenCanary): Promise<Seen> {
    const found = await this.reader.find(id);
    if (!found) return { state: 'gone' };
    if (!isToBeSent(found, diedAt)) return { state: found.state };
    const refused = await retry(this.queue, id, { isCanary: true });
    return refused === undefined ? { state: 'pending' } : { refused };
  }
}

/** Whether it is as dead as it was when it was chosen: once it was sent, it died after that, or is no dead letter. */
function isToBeSent({ state, finishedAt = 0 }: TaskSnapshot, diedAt: number): boolean {
  return state === 'dead_letter' && finishedAt <= diedAt;
}

/** How it went: `undefined` while it is not over. */
export function isWell(state: TaskState | 'gone'): boolean | undefined {
  if (state === 'gone') return false;
  return isFinal(state) ? state === 'completed' : undefined;
}
