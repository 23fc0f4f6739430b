import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemError } from './problem.js';
import { sendProblem } from './send-problem.js';
import { toProblem } from './to-problem.js';

/** Knows errors of a capability that HTTP does not: gives the problem an error stands for, or nothing. */
export type ProblemMapper = (error: unknown) => ProblemError | undefined;

/** Answers every error as a problem document. What nobody expected is a 500 that tells nothing and logs all. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(private readonly mappers: readonly ProblemMapper[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    if (reply.sent) return;
    const problem = this.mapped(error) ?? toProblem(error);
    if (problem.init.status === 500)
      this.logger.error({ err: error, req_id: request.id }, 'unexpected error');
    sendProblem(reply, problem);
  }

  private mapped(error: unknown): ProblemError | undefined {
    for (const map of this.mappers) {
      const problem = map(error);
      if (problem) return problem;
    }
    return undefined;
  }
}
