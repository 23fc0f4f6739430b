import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressGuard } from '../net/address-policy.js';
import { ConnectFailure, messageOf } from './connect-failure.js';
import { CLOSED, type Connector, judged, PendingSockets, type SocketConnector } from './connector.js';
import { type EgressProxy, openTunnel, proxyFailed } from './proxy-tunnel.js';

export interface ProxiedConnectOptions {
  readonly proxy: EgressProxy;
  readonly guard: AddressGuard;
  readonly connectTimeoutMs?: number;
  readonly ca?: string;
}

/**
 * undici's connector through a proxy: a tunnel for every connection, also to http targets, so that nothing of a
 * request is the proxy's to read that was not before. Names are resolved by the proxy, and where they may lead is its
 * decision; the host as written is judged here as ever. undici's own ProxyAgent rewrites the headers of every request.
 *
 * Every error it reports is a {@link ConnectFailure}.
 */
export class ProxiedConnector implements Connector {
  readonly connect: buildConnector.connector;
  readonly #pending = new PendingSockets();
  readonly #open: SocketConnector;

  constructor(private readonly options: ProxiedConnectOptions) {
    this.#open = buildConnector({
      timeout: options.connectTimeoutMs ?? 10_000,
      allowH2: false,
      autoSelectFamily: true,
      ...(options.ca !== undefined && { ca: options.ca }),
    }) as unknown as SocketConnector;
    this.connect = judged(options.guard, (target, callback) => {
      this.#dial(target, callback);
    });
  }

  destroyPending(): void {
    this.#pending.destroyAll();
  }

  #dial(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const { proxy } = this.options;
    const { hostname, port } = proxy;
    const toProxy = { hostname, host: hostname, port, protocol: 'http:' };
    const socket = this.#open(toProxy, (error, open) => {
      if (!open || error) callback(proxyFailed(messageOf(error ?? CLOSED)), null);
      else
        openTunnel(open, proxy, authorityOf(target), (failure) => {
          this.#begin(target, open, failure, callback);
        });
    });
    this.#pending.add(socket);
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
        this.#pending.isMade(socket);
        if (secure && !error) callback(null, secure);
        else callback(ConnectFailure.of('tls_failed', error ?? CLOSED), null);
      });
    } else {
      this.#pending.isMade(socket);
      callback(null, socket);
    }
  }
}

function authorityOf({ host = '', port, protocol }: buildConnector.Options): string {
  return port ? host : `${host}:${protocol === 'https:' ? '443' : '80'}`;
}
