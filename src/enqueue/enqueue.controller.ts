import { Body, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { JudgedWithTheTask } from '../clients/client-guard.js';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { PaysForItself } from '../http/ingress-guard.js';
import { As, type Principal } from '../http/principal.js';
import { answerFor, rateLimitHeaders } from './enqueue-answer.js';
import { ApiEnqueueHeaders, callOf, type EnqueueHeaders, RATE_LIMIT_HEADERS } from './enqueue-headers.js';
import { EnqueueRequest } from '../task-request/enqueue.dto.js';
import { EnqueueAnswer } from './enqueue-answer.dto.js';
import { Intake } from './intake.js';

@ClientController('v1')
export class EnqueueController {
  constructor(private readonly intake: Intake) {}

  @Post('enqueue')
  @HttpCode(202)
  @PaysForItself()
  @JudgedWithTheTask()
  @ApiOperation({
    operationId: 'enqueueTask',
    summary: 'Enqueue a task',
    description:
      'Answers 202 when the task is stored. After a 503, or no answer, send it again; with an Idempotency-Key or a task_id that adds nothing twice.',
  })
  @ApiEnqueueHeaders(
    'A request that is sent again within 24 hours gets the answer of the first one, and stores nothing; another request with the key gets 422.',
  )
  @ApiResponse({ status: 202, type: EnqueueAnswer, headers: RATE_LIMIT_HEADERS })
  @ApiProblem(
    400,
    'The request breaks a rule; `errors` names each field. Or it comes from a task enqueued by a task, five times in a row (`task_loop`).',
  )
  @ApiProblem(403, 'The client is disabled (`client_disabled`).')
  @ApiProblem(413, 'The body is too large.')
  @ApiProblem(415, 'The body is not JSON, or is compressed.')
  @ApiProblem(422, 'The Idempotency-Key was sent with another request (`idempotency_key_reused`).')
  @ApiProblem(
    429,
    'The client has enqueued as many tasks in the last 60 seconds as it may (`rate_limited`), or sends too many requests per second (`too_many_requests`). Neither counts. Retry-After says when to try again.',
  )
  @ApiProblem(
    503,
    'The task may not be stored, or there is no room for it (`store_full`, `queue_full`, `client_queue_full`, `named_queue_full`); Retry-After says when to try again.',
  )
  async enqueue(
    @Body() request: EnqueueRequest,
    @Headers() headers: EnqueueHeaders,
    @As() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnqueueAnswer> {
    const accepted = await this.intake.take(request, callOf(headers, principal));
    if (accepted.quota) void reply.headers(rateLimitHeaders(accepted.quota));
    return answerFor(accepted);
  }
}
