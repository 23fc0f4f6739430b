import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Nobody who reads the answers has so many requests under way on a connection. */
const MOST_WAITING = 100;

/**
 * Works on the requests of a connection one after the other. A client may send them without waiting for answers
 * (pipelining), 64 KiB of them, about 2,000, are read at a time, and Node would have them all worked on at once and keep
 * every answer, though the client reads none.
 *
 * @param mostWaiting more waiting requests than this end the connection
 */
export function answerOneAtATime(server: FastifyInstance, mostWaiting = MOST_WAITING): void {
  /** Of the connections on which something is worked: what comes after it. */
  const waiting = new WeakMap<Socket, (() => void)[]>();
  server.addHook('onRequest', ({ raw: { socket } }, _reply, done) => {
    const others = waiting.get(socket);
    if (others === undefined) {
      waiting.set(socket, []);
      done();
    } else if (others.length < mostWaiting) others.push(done);
    else socket.destroy();
  });
  server.addHook('onResponse', ({ raw: { socket } }, _reply, done) => {
    const next = waiting.get(socket)?.shift();
    if (next) next();
    else waiting.delete(socket);
    done();
  });
}
