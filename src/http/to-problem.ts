import { HttpException } from '@nestjs/common';
import { ProblemError, type ProblemInit } from './problem.js';

/** Any error as a problem. What nobody expected is a 500 that tells nothing. */
export function toProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError(fromFramework(error) ?? unexpected);
}

const unexpected: ProblemInit = {
  status: 500,
  code: 'internal_error',
  detail: 'Something unexpected went wrong. The log has it under the request id.',
};

/** What Nest and Fastify refuse by themselves: the caller's faults, told by their status. */
const FRAMEWORK: Readonly<Record<number, readonly [code: string, detail?: string]>> = {
  404: ['not_found', 'There is no such route.'],
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
