import { Body, Param, Patch } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import type { ProblemError } from '../http/problem.js';
import { type Edited, TaskQueue } from '../queue/task-queue.js';
import { TaskReader } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { EditRequest } from './edit.dto.js';
import { type MadeEdit, TaskEditor } from './task-editor.js';
import { taskChanged, taskFinished, taskNotFound, taskStarted } from './task-problems.js';
import { taskView } from './task-view.js';
import { TaskView } from './task-view.dto.js';
import { isRescheduled } from './to-edited.js';

const PROBLEMS: Readonly<Record<Exclude<Edited, 'edited'>, () => ProblemError>> = {
  changed: taskChanged,
  started: taskStarted,
  finished: taskFinished,
  unknown: taskNotFound,
};

@ClientController('v1/tasks')
export class EditController {
  constructor(
    private readonly editor: TaskEditor,
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
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
    const carryOut = (edit: MadeEdit): Promise<Edited> =>
      this.queue.edit({ ...edit, isRescheduled: isRescheduled(request) });
    const result = isTaskId(id) ? await this.editor.edit(id, request, carryOut) : 'unknown';
    if (result !== 'edited') throw PROBLEMS[result]();
    const snapshot = await this.reader.find(id);
    if (!snapshot) throw taskNotFound();
    return taskView(snapshot);
  }
}
