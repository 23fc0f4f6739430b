import { Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { isTaskId } from '../task/task-id.js';
import { TaskReader } from '../queue/task-reader.js';
import { explanationView } from './explain-view.js';
import { ExplanationView } from './explain.dto.js';
import { taskNotFound } from './task-problems.js';
import { taskView, taskViewWithResult } from './task-view.js';
import { GetTaskQuery, TaskView } from './task-view.dto.js';

@ClientController('v1/tasks')
export class TrackingController {
  constructor(private readonly reader: TaskReader) {}

  @Get(':id')
  @ApiOperation({ operationId: 'getTask', summary: 'Look up a task, its state and its attempts' })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'No such task, or it was finished so long ago that it is gone.')
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async find(@Param('id') id: string, @Query() { include }: GetTaskQuery): Promise<TaskView> {
    const snapshot = isTaskId(id) ? await this.reader.find(id) : undefined;
    if (!snapshot) throw taskNotFound();
    return include === 'result' ? taskViewWithResult(snapshot) : taskView(snapshot);
  }

  @Get(':id/explain')
  @ApiOperation({
    operationId: 'explainTask',
    summary: 'Why a task is not running',
    description:
      'What its queue, its client and the host that it calls say to it now, by the rules that the workers go by.',
  })
  @ApiResponse({ status: 200, type: ExplanationView })
  @ApiProblem(404, 'No such task, or it was finished so long ago that it is gone.')
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async explain(@Param('id') id: string): Promise<ExplanationView> {
    const explanation = isTaskId(id) ? await this.reader.explain(id) : undefined;
    if (!explanation) throw taskNotFound();
    return explanationView(id, explanation);
  }
}
