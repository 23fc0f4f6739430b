import { randomUUID } from 'node:crypto';
import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Config } from '../config/config.js';
import { ApiProblem } from '../http/api-problem.js';
import { invalidRequest } from '../http/problem.js';
import { TaskMetrics } from '../metrics/task-metrics.js';
import { TaskQueue } from '../queue/task-queue.js';
import type { Task } from '../task/task.js';
import { Clock } from '../time/clock.js';
import { formatTime } from '../time/rfc3339.js';
import { EnqueueAnswer, EnqueueRequest } from './enqueue.dto.js';
import { enqueueRules } from './enqueue-rules.js';
import { type EnqueueRules, toTask } from './to-task.js';

@ApiTags('tasks')
@Controller('v1')
export class EnqueueController {
  private readonly rules: EnqueueRules;

  constructor(
    config: Config,
    private readonly queue: TaskQueue,
    private readonly clock: Clock,
    private readonly metrics: TaskMetrics,
  ) {
    this.rules = enqueueRules(config);
  }

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
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(413, 'The body is too large.')
  @ApiProblem(415, 'The body is not JSON, or is compressed.')
  @ApiProblem(503, 'The task may not be stored; Retry-After says when to try again.')
  async enqueue(
    @Body() request: EnqueueRequest,
    @Headers('traceparent') traceparent?: string,
  ): Promise<EnqueueAnswer> {
    const arrival = { now: this.clock.now(), randomId: randomUUID(), traceparent };
    const translation = toTask(request, this.rules, arrival);
    if ('errors' in translation) throw invalidRequest(translation.errors);
    const { task, isNew } = await this.queue.add(translation.task);
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
