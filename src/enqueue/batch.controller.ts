import { applyDecorators, Body, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { PaysForItself } from '../http/ingress-guard.js';
import { As, type Principal } from '../http/principal.js';
import type { Accepted } from '../queue/admission/admission.js';
import { BatchAnswer, BatchRequest } from './batch.dto.js';
import { BatchIntake } from './batch-intake.js';
import { batchHeaders, type Refused } from './batch-headers.js';
import { answerFor } from './enqueue-answer.js';
import { ApiEnqueueHeaders, callOf, type EnqueueHeaders, RATE_LIMIT_HEADERS } from './enqueue-headers.js';

const BATCH_HEADERS = {
  ...RATE_LIMIT_HEADERS,
  'Retry-After': {
    schema: { type: 'integer' as const },
    description: 'When every task was refused for the number of requests: seconds until some will be taken.',
  },
};

const ApiBatchProblems = (): MethodDecorator =>
  applyDecorators(
    ApiProblem(
      400,
      'The body is no batch; or, with `atomic`, a task breaks a rule: `errors` names each field.',
    ),
    ApiProblem(403, 'With `atomic`: a client is disabled (`client_disabled`).'),
    ApiProblem(413, 'The body is larger than MAX_BATCH_BYTES.'),
    ApiProblem(415, 'The body is not JSON, or is compressed.'),
    ApiProblem(
      422,
      'More tasks than a client may ever enqueue in 60 seconds (`batch_too_large`). With `atomic` also: the Idempotency-Key was sent with another request (`idempotency_key_reused`).',
    ),
    ApiProblem(
      429,
      'Too many requests per second (`too_many_requests`); with `atomic` also the quota of a client (`rate_limited`). Retry-After says when to try again.',
    ),
    ApiProblem(503, 'With `atomic`, what a single task is answered. Retry-After says when to try again.'),
  );

@ClientController('v1')
export class BatchController {
  constructor(private readonly intake: BatchIntake) {}

  @Post('enqueue/batch')
  @HttpCode(202)
  @PaysForItself()
  @ApiOperation({
    operationId: 'enqueueBatch',
    summary: 'Enqueue up to 1,000 tasks',
    description:
      'Counts as so many requests. Answers 202 with one result for each task, in order, when they were judged each by itself, whatever the results; with `atomic`, only when all are stored, and otherwise the problem of the first that is not.',
  })
  @ApiEnqueueHeaders(
    'Holds for every task of the batch at its place: of a batch that is sent again, what was stored is answered as before, and the rest is stored.',
  )
  @ApiResponse({ status: 202, type: BatchAnswer, headers: BATCH_HEADERS })
  @ApiBatchProblems()
  async enqueueBatch(
    @Body() { tasks, atomic }: BatchRequest,
    @Headers() headers: EnqueueHeaders,
    @As() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchAnswer> {
    const call = callOf(headers, principal);
    const results = atomic
      ? await this.intake.takeAllOrNone(tasks, call)
      : await this.intake.takeEach(tasks, call);
    void reply.headers(batchHeaders(results));
    return { results: results.map((result) => resultFor(result, reply.request.id)) };
  }
}

function resultFor(result: Accepted | Refused, requestId: string): BatchAnswer['results'][number] {
  return result.kind === 'refused'
    ? { status: 'error', error: result.problem.toBody(requestId) }
    : answerFor(result);
}
