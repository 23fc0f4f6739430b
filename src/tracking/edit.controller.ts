import { Body, Param, Patch } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { invalidRequest, type ProblemError } from '../http/problem.js';
import { type Edited, TaskQueue } from '../queue/task-queue.js';
import { TaskReader, type TaskSnapshot } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { Clock } from '../time/clock.js';
import { EditRequest } from './edit.dto.js';
import { EditRules } from './edit-rules.js';
import {
  taskChanged,
  taskFinished,
  taskNotFound,
  taskSealed,
  taskStarted,
  taskUnreadable,
} from './task-problems.js';
import { taskView } from './task-view.js';
import { TaskView } from './task-view.dto.js';
import { isRescheduled, toEdited } from './to-edited.js';

/** So often the same edit is made anew because somebody else was faster. */
const TRIES = 5;

const PROBLEMS: Readonly<Record<Exclude<Edited, 'edited'>, () => ProblemError>> = {
  changed: taskChanged,
  started: taskStarted,
  finished: taskFinished,
  unknown: taskNotFound,
};

@ClientController('v1/tasks')
export class EditController {
  constructor(
    private readonly rules: EditRules,
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
    private readonly clock: Clock,
  ) {}

  @Patch(':id')
  @ApiOperation({
    operationId: 'editTask',
    summary: 'Reschedule or edit a task that has not run',
    description:
      'What is absent stays. All or nothing: a worker that takes the task meanwhile has it either as it was, and this answers 409, or as it is then.',
  })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(400, 'The edit breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'No such task, or it was finished so long ago that it is gone.')
  @ApiProblem(
    409,
    'An attempt has begun (`task_started`), its call cannot be decrypted (`task_sealed`), it is damaged (`task_unreadable`), it is finished (`task_finished`), or others edit it at the same time (`task_changed`).',
  )
  @ApiProblem(413, 'The body is too large.')
  @ApiProblem(415, 'The body is not JSON, or is compressed.')
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async edit(@Param('id') id: string, @Body() request: EditRequest): Promise<TaskView> {
    let result: Edited = isTaskId(id) ? 'changed' : 'unknown';
    for (let tries = 0; result === 'changed' && tries < TRIES; tries++)
      result = await this.tryEdit(id, request);
    if (result !== 'edited') throw PROBLEMS[result]();
    return taskView(await this.stored(id));
  }

  private async tryEdit(id: string, request: EditRequest): Promise<Edited> {
    const { task: before, stored, isUnreadable } = await this.stored(id);
    if (isUnreadable) throw taskUnreadable();
    const isOtherWork = Boolean(request.task) || request.payload !== undefined;
    if (isOtherWork && before.target.sealed !== undefined) throw taskSealed();
    const now = this.clock.now();
    const edited = toEdited(request, before, { rules: await this.rules.of(before), now });
    if ('errors' in edited) throw invalidRequest(edited.errors);
    if (request.task) await this.rules.requireDestination(edited.task);
    return this.queue.edit({
      before: stored,
      after: edited.task,
      now,
      isRescheduled: isRescheduled(request),
    });
  }

  private async stored(id: string): Promise<TaskSnapshot> {
    const snapshot = await this.reader.find(id);
    if (!snapshot) throw taskNotFound();
    return snapshot;
  }
}
