import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Nobody who reads the answers has so many requests under way on a connection. */
const MOST_WAITING = 100;

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What comes after it on the connection. */
  readonly others: (() => void)[];
}

/** Of the connections on which something is worked. */
const turns = new WeakMap<Socket, Turn>();

/**
 * Whether what is sent over a connection now would be read as the answer to what just came: no other answer is owed before it,
 * or has begun.
 */
export function isNextInTurn(socket: Socket): boolean {
  const turn = turns.get(socket);
  if (!turn) return true;
  const { request, response, others } = turn;
  return !request.complete && !response.headersSent && others.length === 0;
}

/** Calls back when no answer is owed on a connection any more: at once, or after what is worked on now. */
export function whenNothingIsOwed(socket: Socket, callback: () => void): void {
  const turn = turns.get(socket);
  if (!turn) {
    callback();
    return;
  }
  turn.others.push(() => {
    turns.delete(socket);
    callback();
  });
}

/**
 * Works on the requests of a connection one after the other. A client may send them without waiting for answers
 * (pipelining), 64 KiB of them, about 2,000, are read at a time, and Node would have them all worked on at once and keep
 * every answer, though the client reads none.
 *
 * @param mostWaiting more waiting requests than this end the connection
 */
export function answerOneAtATime(server: FastifyInstance, mostWaiting = MOST_WAITING): void {
  server.addHook('onRequest', ({ raw: request }, { raw: response }, done) => {
    const { socket } = request;
    const others = turns.get(socket)?.others ?? [];
    const begin = (): void => {
      turns.set(socket, { request, response, others });
      done();
    };
    if (!turns.has(socket)) begin();
    else if (others.length < mostWaiting) others.push(begin);
    else socket.destroy();
  });
  server.addHook('onResponse', ({ raw: { socket } }, _reply, done) => {
    const next = turns.get(socket)?.others.shift();
    if (next) next();
    else turns.delete(socket);
    done();
  });
}
