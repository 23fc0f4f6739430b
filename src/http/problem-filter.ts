import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError, type ProblemInit } from './problem.js';

/** Knows errors of a capability that HTTP does not: gives the problem an error stands for, or nothing. */
export type ProblemMapper = (error: unknown) => ProblemError | undefined;

/** Codes of Fastify's own errors that say more than their status. */
const FASTIFY_CODES: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than this server takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send JSON with Content-Type: application/json.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'The body is empty; send a JSON object.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as Content-Length says.'],
};

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
    if (problem.init.status === 500) this.logger.error({ err: error, req_id: request.id }, 'unexpected error');
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

/** Nest's HttpException and Fastify's errors carry a status; those below 500 are the caller's to read. */
function fromFramework(error: unknown): ProblemInit | undefined {
  if (error instanceof HttpException) return clientFault(error.getStatus(), error.message);
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { code = '', statusCode, message } = error as Error & { code?: string; statusCode: number };
  const known = FASTIFY_CODES[code];
  if (known) return { status: statusCode, code: known[0], detail: known[1] };
  return clientFault(statusCode, message);
}

const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

function clientFault(status: number, detail: string): ProblemInit | undefined {
  if (status < 400 || status >= 500) return undefined;
  return { status, code: CODE_OF_STATUS[status] ?? 'invalid_request', detail };
}
