import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressGuard } from '../net/address-policy.js';
import { judgeHost } from '../net/target-host.js';
import { ConnectFailure } from './connect-failure.js';
import { type EgressProxy, openTunnel } from './proxy-tunnel.js';

export interface ProxiedConnectOptions {
  readonly proxy: EgressProxy;
  readonly guard: AddressGuard;
  readonly connectTimeoutMs?: number;
  readonly ca?: string;
}

type SocketConnector = (
  target: buildConnector.Options & { httpSocket?: Socket },
  callback: (error: Error | null, socket: Socket | null) => void,
) => Socket;

/**
 * undici's connector through a proxy: a tunnel for every connection, also to http targets, so that nothing of a
 * request is the proxy's to read that was not before. Names are resolved by the proxy, and where they may lead is its
 * decision; the host as written is judged here as ever. undici's own ProxyAgent rewrites the headers of every request.
 *
 * Every error it reports is a {@link ConnectFailure}.
 */
export class ProxiedConnector {
  readonly #pending = new Set<Socket>();
  readonly #open: SocketConnector;

  constructor(private readonly options: ProxiedConnectOptions) {
    this.#open = buildConnector({
      timeout: options.connectTimeoutMs ?? 10_000,
      allowH2: false,
      autoSelectFamily: true,
      ...(options.ca !== undefined && { ca: options.ca }),
    }) as unknown as SocketConnector;
  }

  readonly connect: buildConnector.connector = (target, callback) => {
    const verdict = judgeHost(target.hostname, this.options.guard);
    if (verdict.allowed) {
      this.#dial(target, callback);
      return;
    }
    queueMicrotask(() => {
      callback(ConnectFailure.refused(target.hostname, verdict.reason), null);
    });
  };

  /** Ends the connections still being made. */
  destroyPending(): void {
    for (const socket of this.#pending) socket.destroy();
  }

  #dial(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const { proxy } = this.options;
    const { hostname, port } = proxy;
    const toProxy = { hostname, host: hostname, port, protocol: 'http:' };
    const socket = this.#open(toProxy, (error, open) => {
      if (!open || error) callback(ConnectFailure.of('connect_failed', error ?? CLOSED), null);
      else
        openTunnel(open, proxy, authorityOf(target), (failure) => {
          this.#begin(target, open, failure, callback);
        });
    });
    this.#pending.add(socket);
    socket.once('close', () => this.#pending.delete(socket));
  }

  #begin(
    target: buildConnector.Options,
    socket: Socket,
    failure: ConnectFailure | null,
    callback: buildConnector.Callback,
  ): void {
    if (failure) {
      socket.destroy();
      callback(failure, null);
    } else if (target.protocol === 'https:') {
      this.#open({ ...target, httpSocket: socket }, (error, secure) => {
        this.#pending.delete(socket);
        if (secure && !error) callback(null, secure);
        else callback(ConnectFailure.of('tls_failed', error ?? CLOSED), null);
      });
    } else {
      this.#pending.delete(socket);
      callback(null, socket);
    }
  }
}

const CLOSED = new Error('The connection closed while it was being made');

function authorityOf({ host = '', port, protocol }: buildConnector.Options): string {
  return port ? host : `${host}:${protocol === 'https:' ? '443' : '80'}`;
}
