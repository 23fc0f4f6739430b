import { Injectable } from '@nestjs/common';
import { auditLine } from '../audit/audit-line.js';
import type { Actor } from '../http/actor.js';
import { type DeadLetterEdited, TaskQueue } from '../queue/task-queue.js';
import { TaskReader } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { type MadeEdit, TaskEditor } from '../tracking/task-editor.js';
import { taskChanged, taskNotFound } from '../tracking/task-problems.js';
import { taskView } from '../tracking/task-view.js';
import type { TaskView } from '../tracking/task-view.dto.js';
import type { EditDeadLetterRequest } from './admin-dlq.dto.js';
import { retryProblem } from './retry-problem.js';

/** Makes of a dead letter what an admin wants it to be, and retries it. */
@Injectable()
export class DeadLetterEditor {
  constructor(
    private readonly editor: TaskEditor,
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
  ) {}

  /** @throws ProblemError when it is none, the edit breaks a rule or it cannot be retried; QueueUnavailable */
  async edit(id: string, { retry, ...request }: EditDeadLetterRequest, by: Actor): Promise<TaskView> {
    const isRetried = retry === true;
    // What it calls, and with what, may hold secrets.
    const after = { state: isRetried ? 'pending' : 'dead_letter', edited: Object.keys(request) };
    const audited = auditLine('dead_letter.edit', `task:${id}`, by)({ state: 'dead_letter' }, after);
    const carryOut = (edit: MadeEdit): Promise<DeadLetterEdited> =>
      this.queue.editDeadLetter({ ...edit, isRetried, audited });
    const result = isTaskId(id) ? await this.editor.edit(id, request, carryOut) : 'unknown';
    if (result === 'changed') throw taskChanged();
    const problem = result === 'edited' ? undefined : retryProblem(result);
    if (problem) throw problem;
    const snapshot = await this.reader.find(id);
    if (!snapshot) throw taskNotFound();
    return taskView(snapshot);
  }
}
