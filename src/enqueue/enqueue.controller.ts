import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { TaskMetrics } from '../metrics/task-metrics.js';
import { TaskQueue } from '../queue/task-queue.js';
import type { Task } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import { EnqueueAnswer, EnqueueRequest } from './enqueue.dto.js';
import { type CallHeaders, TaskMaker } from './task-maker.js';

@ApiTags('tasks')
@Controller('v1')
export class EnqueueController {
  constructor(
    private readonly maker: TaskMaker,
    private readonly queue: TaskQueue,
    private readonly metrics: TaskMetrics,
  ) {}

  @Post('enqueue')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'enqueueTask',
    summary: 'Enqueue a task',
    description:
      'Answers 202 when the task is stored. After a 503, send it again; with a task_id that adds nothing twice.',
  })
  @ApiHeader({
    name: 'traceparent',
    required: false,
    description: 'W3C Trace Context; goes on to the target.',
  })
  @ApiResponse({ status: 202, type: EnqueueAnswer })
  @ApiProblem(
    400,
    'The request breaks a rule; `errors` names each field. Or it comes from a task enqueued by a task, five times in a row (`task_loop`).',
  )
  @ApiProblem(413, 'The body is too large.')
  @ApiProblem(415, 'The body is not JSON, or is compressed.')
  @ApiProblem(
    503,
    'The task may not be stored, or there is no room for it (`store_full`, `queue_full`); Retry-After says when to try again.',
  )
  async enqueue(@Body() request: EnqueueRequest, @Headers() headers: CallHeaders): Promise<EnqueueAnswer> {
    const { task, isNew } = await this.queue.add(await this.maker.make(request, headers));
    if (isNew) this.metrics.submitted(task);
    return answerFor(task);
  }
}

function answerFor(task: Task): EnqueueAnswer {
  return {
    status: 'enqueued',
    task_id: task.id,
    queue: task.queue,
    client_id: task.clientId,
    scheduled_at: formatTime(task.scheduledAt),
  };
}
