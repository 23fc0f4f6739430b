import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { ProblemError } from './problem.js';
import { shapeOf } from './problem-shapes.js';
import { commonHeaders } from './common-headers.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM = 'application/problem+json; charset=utf-8';

/** Answers with a problem document, or in the words of the system that the request speaks. */
export function sendProblem(reply: FastifyReply, problem: ProblemError): void {
  const { id } = reply.request;
  const shape = shapeOf(reply.request);
  if (shape) {
    const { status, body } = shape(problem);
    const headers = { ...commonHeaders(id), ...problem.init.headers };
    void reply.status(status).headers(headers).type(JSON_TYPE).send(body);
    return;
  }
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
