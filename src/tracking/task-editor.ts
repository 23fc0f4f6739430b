import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../http/problem.js';
import type { TaskEdit } from '../queue/task-queue.js';
import { TaskReader, type TaskSnapshot } from '../queue/task-reader.js';
import { Clock } from '../time/clock.js';
import type { EditRequest } from './edit.dto.js';
import { EditRules } from './edit-rules.js';
import { taskSealed, taskUnreadable } from './task-problems.js';
import { namesCallbacks, toEdited } from './to-edited.js';

/** So often the same edit is made anew because somebody else was faster. */
const TRIES = 5;

export type MadeEdit = Omit<TaskEdit, 'isRescheduled'>;

/** Makes of a stored task what somebody wants it to be. */
@Injectable()
export class TaskEditor {
  constructor(
    private readonly rules: EditRules,
    private readonly reader: TaskReader,
    private readonly clock: Clock,
  ) {}

  /**
   * @param carryOut stores it; with `changed` it is made anew of what is stored then
   * @returns what that has come to, or `unknown` when there is no such task
   * @throws ProblemError when the edit breaks a rule, or what is stored cannot be read; QueueUnavailable
   */
  async edit<T>(
    id: string,
    request: EditRequest,
    carryOut: (edit: MadeEdit) => Promise<T | 'changed'>,
  ): Promise<T | 'changed' | 'unknown'> {
    let result: T | 'changed' = 'changed';
    for (let tries = 0; result === 'changed' && tries < TRIES; tries++) {
      const snapshot = await this.reader.find(id);
      if (!snapshot) return 'unknown';
      result = await carryOut(await this.make(request, snapshot));
    }
    return result;
  }

  private async make(request: EditRequest, snapshot: TaskSnapshot): Promise<MadeEdit> {
    const { task: before, stored, isUnreadable } = snapshot;
    if (isUnreadable) throw taskUnreadable();
    const isSealed = Boolean(request.task) || request.payload !== undefined || namesCallbacks(request);
    if (isSealed && before.target.sealed !== undefined) throw taskSealed();
    const now = this.clock.now();
    const edited = toEdited(request, before, { rules: await this.rules.of(before), now });
    if ('errors' in edited) throw invalidRequest(edited.errors);
    await this.rules.requireDestinations(request, edited.task);
    return { before: stored, after: edited.task, now };
  }
}
