import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { isNextInTurn } from './one-at-a-time.js';
import { ProblemError, type ProblemInit } from './problem.js';
import { requestId } from './request-id.js';
import { endWithProblem, sendProblem } from './send-problem.js';

const MALFORMED: ProblemInit = {
  status: 400,
  code: 'malformed_request',
  detail: 'This is not a well-formed HTTP request.',
};

/** By the code of the error. The texts are ours, because those of the router repeat the URL. */
const REFUSALS: Readonly<Record<string, ProblemInit>> = {
  FST_ERR_BAD_URL: {
    status: 400,
    code: 'malformed_url',
    detail: 'The percent-encoding of the URL is broken.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    code: 'uri_too_long',
    detail: 'A part of the path is longer than any that exists.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request_timeout',
    detail: 'The request took too long to arrive.',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers_too_large',
    detail: 'The headers are larger than this server takes.',
  },
};

const logger = new Logger('Http');

function refusal(code: string, id: string): ProblemError {
  const problem = new ProblemError(REFUSALS[code] ?? MALFORMED);
  const { status } = problem.init;
  logger.log({ req_id: id, status, code: problem.init.code }, 'refused before it had a route');
  return problem;
}

/** What is refused before any hook runs: by the router, and by the parser on the bare connection. */
export const earlyRefusals = {
  frameworkErrors: (error: { code: string }, request: FastifyRequest, reply: FastifyReply): void => {
    sendProblem(reply, refusal(error.code, request.id));
  },

  clientErrorHandler: (error: { code: string }, socket: Socket): void => {
    // After a reset nobody listens any more; and while another answer is owed this would be read as that one.
    if (error.code === 'ECONNRESET' || !socket.writable || !isNextInTurn(socket)) {
      socket.destroy();
      return;
    }
    const id = requestId({ headers: {} });
    endWithProblem(socket, refusal(error.code, id), id);
  },
} satisfies Partial<FastifyServerOptions>;
