import { Body, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { As, type Principal } from '../http/principal.js';
import { ProblemError } from '../http/problem.js';
import { isAccepted, type Receipt } from '../queue/admission/admission.js';
import { formatTime } from '../time/rfc3339.js';
import { EnqueueAnswer, EnqueueRequest } from './enqueue.dto.js';
import { Enqueuer } from './enqueuer.js';
import { rateLimitHeaders } from './rate-limit-headers.js';
import { refusalProblem } from './refusal-problem.js';
import { type CallHeaders, TaskMaker } from './task-maker.js';

@ClientController('v1')
export class EnqueueController {
  constructor(
    private readonly maker: TaskMaker,
    private readonly enqueuer: Enqueuer,
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
  async enqueue(
    @Body() request: EnqueueRequest,
    @Headers() headers: CallHeaders,
    @As() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnqueueAnswer> {
    const result = await this.enqueuer.add(await this.maker.make(request, headers, principal), principal);
    if (!isAccepted(result)) throw new ProblemError(refusalProblem(result));
    if (result.quota) void reply.headers(rateLimitHeaders(result.quota));
    return answerFor(result.receipt);
  }
}

function answerFor({ id, queue, clientId, scheduledAt }: Receipt): EnqueueAnswer {
  return {
    status: 'enqueued',
    task_id: id,
    queue,
    client_id: clientId,
    scheduled_at: formatTime(scheduledAt),
  };
}
