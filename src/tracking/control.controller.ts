import { Delete, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { fullProblem } from '../task-request/full-problem.js';
import { ApiProblem } from '../http/api-problem.js';
import { ProblemError } from '../http/problem.js';
import { ClientController } from '../http/client-api.js';
import { TaskQueue } from '../queue/task-queue.js';
import { TaskNews } from '../queue/task-news.js';
import { TaskReader, type TaskSnapshot } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { notADeadLetter, taskExpired, taskFinished, taskNotFound } from './task-problems.js';
import { taskView } from './task-view.js';
import { TaskView } from './task-view.dto.js';

/** What may be done with a task that is stored. */
@ClientController('v1/tasks')
export class ControlController {
  constructor(
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
    private readonly news: TaskNews,
  ) {}

  @Delete(':id')
  @ApiOperation({
    operationId: 'cancelTask',
    summary: 'Cancel a task',
    description:
      'At once unless it is running; then its worker is told to end the call, which the target may notice.',
  })
  @ApiResponse({ status: 200, type: TaskView, description: 'It is cancelled.' })
  @ApiResponse({ status: 202, type: TaskView, description: 'It was running; its call is being ended.' })
  @ApiProblem(404, 'No such task, or it was finished so long ago that it is gone.')
  @ApiProblem(409, 'It is finished (`task_finished`), or was cancelled before.')
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async cancel(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<TaskView> {
    const cancelled = isTaskId(id) ? await this.queue.cancel(id) : 'unknown';
    if (cancelled === 'unknown') throw taskNotFound();
    if (cancelled === 'finished') throw taskFinished();
    void reply.status(cancelled === 'aborting' ? 202 : 200);
    const snapshot = await this.find(id);
    // Of one that runs its worker tells, when it has ended.
    if (cancelled === 'cancelled') this.news.tell({ kind: 'cancelled', task: snapshot.task });
    return taskView(snapshot);
  }

  @Post(':id/run')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'runTask',
    summary: 'Run a task now',
    description:
      'A scheduled or retrying task becomes due at once; one that is due or running stays as it is. What is paused or at its limit holds it all the same.',
  })
  @ApiResponse({ status: 200, type: TaskView, description: 'It is due, or was so before.' })
  @ApiProblem(404, 'No such task, or it was finished so long ago that it is gone.')
  @ApiProblem(409, 'It is finished (`task_finished`).')
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async run(@Param('id') id: string): Promise<TaskView> {
    const result = isTaskId(id) ? await this.queue.runNow(id) : 'unknown';
    if (result === 'unknown') throw taskNotFound();
    if (result === 'finished') throw taskFinished();
    if (typeof result === 'object') this.news.tell({ kind: 'ended', ended: result });
    return this.view(id);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'retryTask',
    summary: 'Retry a dead letter',
    description:
      'It is due at once and has all its attempts again; those made before stay on record. It needs room as a new task does.',
  })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(404, 'No such task, or it was finished so long ago that it is gone.')
  @ApiProblem(409, 'It is no dead letter (`not_a_dead_letter`), or has expired (`task_expired`).')
  @ApiProblem(
    503,
    'There is no room for one more task (`queue_full`, `client_queue_full`, `named_queue_full`), or the store is away; Retry-After says when to try again.',
  )
  async retry(@Param('id') id: string): Promise<TaskView> {
    const result = isTaskId(id) ? await this.queue.retry(id) : 'unknown';
    if (result === 'unknown') throw taskNotFound();
    if (result === 'not_dead') throw notADeadLetter();
    if (result === 'too_late') throw taskExpired();
    if (result !== 'retried') throw new ProblemError(fullProblem(result.what));
    return this.view(id);
  }

  private async view(id: string): Promise<TaskView> {
    return taskView(await this.find(id));
  }

  private async find(id: string): Promise<TaskSnapshot> {
    const snapshot = await this.reader.find(id);
    if (!snapshot) throw taskNotFound();
    return snapshot;
  }
}
