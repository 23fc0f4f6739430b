import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError, type ProblemInit } from './problem.js';

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
 * Node says `100 Continue` to whoever asks for it. A body over the limit is not asked for, because it would be refused
 * when it comes; its sender gets the refusal instead, and Node ends the connection after that.
 *
 * @param limit bytes of a body
 */
export function continueWithin(limit: number, { server }: FastifyInstance): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers['content-length'] ?? 0) <= limit) response.writeContinue();
    server.emit('request', request, response);
  });
}
