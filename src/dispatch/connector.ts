import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { AddressGuard } from '../net/address-policy.js';
import { judgeHost } from '../net/target-host.js';
import { ConnectFailure } from './connect-failure.js';

/** What undici is given to make its connections with, and how those are ended that are still being made. */
export interface Connector {
  readonly connect: buildConnector.connector;
  /** Whoever owns the finished connections ends those. */
  destroyPending(): void;
}

/** undici types the connector as returning nothing, but pools and its own h2 code rely on the socket. */
export type SocketConnector = (
  target: buildConnector.Options & { httpSocket?: Socket },
  callback: (error: Error | null, socket: Socket | null) => void,
) => Socket;

export const CLOSED = new Error('The connection closed while it was being made');

/** Dials only hosts that do not say themselves that nobody may call them. */
export function judged(guard: AddressGuard, dial: buildConnector.connector): buildConnector.connector {
  return (target, callback) => {
    const verdict = judgeHost(target.hostname, guard);
    if (verdict.allowed) {
      dial(target, callback);
      return;
    }
    // Not at once: undici is still entering the connecting state.
    queueMicrotask(() => {
      callback(ConnectFailure.refused(target.hostname, verdict.reason), null);
    });
  };
}

/**
 * Connections that are still being made. Not left to the `signal` option of a socket: Node never takes that listener off
 * again, a leak per connection.
 */
export class PendingSockets {
  readonly #sockets = new Set<Socket>();

  /** Until it is made, or has closed. */
  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  isMade(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
