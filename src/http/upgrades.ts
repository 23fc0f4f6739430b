import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { whenNothingIsOwed } from './one-at-a-time.js';

/** A connection whose client wants to speak another protocol from here on. */
export interface Upgrade {
  readonly socket: Socket;
  /** What has come behind the request. */
  readonly head: Buffer;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** The connection of a request for a WebSocket; nothing of every other request. */
export function upgradeOf(request: IncomingMessage): Upgrade | undefined {
  return upgrades.get(request);
}

/**
 * Routes requests for WebSockets like all others, so that every hook and guard sees them. Those for other protocols are
 * answered as if they had not asked (RFC 9110, section 7.8), as Node does when nobody listens: many clients offer HTTP/2
 * with every request.
 */
export function routeUpgrades(server: FastifyInstance): void {
  server.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      readAgain(server, request, { socket, head });
      return;
    }
    socket.on('error', () => socket.destroy());
    whenNothingIsOwed(socket, () => {
      if (socket.destroyed) return;
      upgrades.set(request, { socket, head });
      server.routing(request, responseOver(socket, request));
    });
  });
}

/** When it is a refusal that is answered, the connection ends with that. */
function responseOver(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  return response;
}

const OFFER = /^(upgrade|http2-settings)$/i;

/** Gives the connection back to the parser, with the request as it would be without the offer. */
function readAgain(server: FastifyInstance, request: IncomingMessage, { socket, head }: Upgrade): void {
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!OFFER.test(name))
      lines.push(`${name}: ${name.toLowerCase() === 'connection' ? withoutOffer(value) : value}`);
  }
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  whenNothingIsOwed(socket, () => {
    socket.unshift(Buffer.concat([bytes, head]));
    server.server.emit('connection', socket);
  });
}

function withoutOffer(connection: string): string {
  const others = connection.split(',').map((token) => token.trim());
  return others.filter((token) => !OFFER.test(token)).join(', ') || 'keep-alive';
}
