import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError, type ProblemInit } from './problem.js';

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
    const problem = this.toProblem(error);
    if (problem.init.status === 500)
      this.logger.error({ err: error, req_id: request.id }, 'unexpected error');
    void reply
      .status(problem.init.status)
      .headers(problem.init.headers ?? {})
      .type('application/problem+json')
      .send(problem.toBody(request.id));
  }

  private toProblem(error: unknown): ProblemError {
    if (error instanceof ProblemError) return error;
    for (const map of this.mappers) {
      const problem = map(error);
      if (problem) return problem;
    }
    return new ProblemError(fromFramework(error) ?? unexpected);
  }
}

const unexpected: ProblemInit = {
  status: 500,
  code: 'internal_error',
  detail: 'Something unexpected went wrong. The log has it under the request id.',
};

/** What Nest and Fastify refuse by themselves: the caller's faults, told by their status. */
const FRAMEWORK: Readonly<Record<number, readonly [code: string, detail?: string]>> = {
  404: ['not_found'],
  405: ['method_not_allowed'],
  413: ['payload_too_large', 'The body is larger than this server takes.'],
  415: ['unsupported_media_type', 'Send JSON, with Content-Type: application/json.'],
};

/** Nest's HttpException and Fastify's errors carry a status; those below 500 are the caller's to read. */
function fromFramework(error: unknown): ProblemInit | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  if (status < 400 || status >= 500) return undefined;
  const [code, detail = error.message] = FRAMEWORK[status] ?? ['invalid_request'];
  return { status, code, detail };
}

function statusOf(error: Error): number {
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
}
