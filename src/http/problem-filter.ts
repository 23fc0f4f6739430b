import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
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
    const problem = this.problems.of(error);
    if (problem.init.status === 500)
      this.logger.error({ err: error, req_id: request.id }, 'unexpected error');
    sendProblem(reply, problem);
  }
}
