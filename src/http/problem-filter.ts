import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lateCheckOf } from './late-check.js';
import type { ProblemError } from './problem.js';
import { Problems } from './problems.js';
import { sendProblem } from './send-problem.js';

/** Answers every error as a problem document. What nobody expected is a 500 that tells nothing and logs all. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(private readonly problems: Problems) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    if (reply.sent) return;
    const check = lateCheckOf(request);
    if (!check || !isAboutRequest(this.problems.of(error))) this.answer(error, reply);
    else
      check().then(
        () => {
          this.answer(error, reply);
        },
        (instead: unknown) => {
          this.answer(instead, reply);
        },
      );
  }

  private answer(error: unknown, reply: FastifyReply): void {
    const problem = this.problems.of(error);
    if (problem.init.status === 500)
      this.logger.error({ err: error, req_id: reply.request.id }, 'unexpected error');
    sendProblem(reply, problem);
  }
}

/** Whoever is told 429 was known to who counts. */
function isAboutRequest({ init: { status } }: ProblemError): boolean {
  return status < 500 && status !== 429;
}
