import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError, type ProblemInit } from './problem.js';
import { routeOf } from './route-of.js';

/**
 * Refuses bodies that this server and whoever passed them on could tell apart differently (RFC 9112, 6.1): with a transfer
 * coding besides `chunked`, which nothing here undoes, and with any in HTTP/1.0, which knows none.
 */
export function refuseOtherFraming(server: FastifyInstance): void {
  server.addHook('onRequest', ({ raw }, reply, done) => {
    const refusal = refusalOf(raw);
    if (refusal === undefined) {
      done();
      return;
    }
    // Where the body ends is what is in doubt.
    void reply.header('connection', 'close');
    done(new ProblemError({ status: 400, ...refusal }));
  });
}

function refusalOf({ headers, httpVersion }: IncomingMessage): Omit<ProblemInit, 'status'> | undefined {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (httpVersion === '1.0')
    return { code: 'malformed_request', detail: 'HTTP/1.0 has no transfer codings.' };
  if (coding.toLowerCase() === 'chunked') return undefined;
  const detail = `Transfer-Encoding ${JSON.stringify(coding)} is not supported; send the body as it is, or chunked.`;
  return { code: 'unsupported_transfer_coding', detail };
}

/**
 * Asks for the body of a request that waits to be asked (`Expect: 100-continue`), unless it is larger than its route takes:
 * its sender gets the refusal instead of sending it for nothing. To be called after the hooks that may refuse a request.
 */
export function askForBodies(server: FastifyInstance): void {
  // Without listeners Node asks for every body by itself, and answers who expects something else with a bare 417.
  for (const event of ['checkContinue', 'checkExpectation'])
    server.server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      server.server.emit('request', request, response);
    });
  server.addHook('onRequest', (request, reply, done) => {
    const { expect } = request.headers;
    if (expect === undefined || request.raw.httpVersion === '1.0') done();
    else if (!CONTINUE.test(expect)) done(cannotMeet(expect));
    else {
      if (isWithinLimit(request)) reply.raw.writeContinue();
      done();
    }
  });
}

/** The one expectation that there is (RFC 9110, 10.1.1). */
const CONTINUE = /^100-continue$/i;

function cannotMeet(expectation: string): ProblemError {
  const detail = `Expect ${JSON.stringify(expectation)} cannot be met; only 100-continue is known.`;
  return new ProblemError({ status: 417, code: 'expectation_failed', detail });
}

function isWithinLimit(request: FastifyRequest): boolean {
  const { raw, is404 } = request;
  const length = Number(raw.headers['content-length'] ?? 0);
  return !is404 && length <= routeOf(request).bodyLimit;
}
