import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { ProblemError } from './problem.js';
import { commonHeaders } from './common-headers.js';

const PROBLEM = 'application/problem+json; charset=utf-8';

/** Answers with a problem document. */
export function sendProblem(reply: FastifyReply, problem: ProblemError): void {
  const { id } = reply.request;
  void reply
    .status(problem.init.status)
    .headers({ ...commonHeaders(id), ...problem.init.headers })
    .type(PROBLEM)
    .send(problem.toBody(id));
}

/** The same on a connection whose bytes never became a request; it ends with that. */
export function endWithProblem(socket: Socket, problem: ProblemError, id: string): void {
  const { status } = problem.init;
  const body = JSON.stringify(problem.toBody(id));
  const headers = {
    ...commonHeaders(id),
    'content-type': PROBLEM,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`, () => {
    socket.destroy();
  });
}
