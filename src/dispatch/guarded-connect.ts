import { lookup as dnsLookup } from 'node:dns';
import { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { AddressGuard } from '../net/address-policy.js';
import { ConnectFailure } from './connect-failure.js';
import { CLOSED, type Connector, judged, PendingSockets, type SocketConnector } from './connector.js';
import { guardedLookup, LookupAll } from './guarded-lookup.js';

export interface GuardedConnectOptions {
  readonly guard: AddressGuard;
  /** Default: the system's resolver. */
  readonly lookup?: LookupAll;
  /** Milliseconds for DNS, TCP and TLS together, rounded up to about a second by undici; default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Certificates trusted instead of the built-in authorities, PEM. */
  readonly ca?: string;
}

/**
 * undici's connector behind three walls, each of which alone would leave a gap:
 * the host as written (Node never calls `lookup` for an IP literal), what the name resolves to, and, before the
 * first byte, TLS greeting included, who really is at the other end. Each socket of a pool passed all three.
 *
 * Every error it reports is a {@link ConnectFailure}.
 */
export class GuardedConnector implements Connector {
  readonly connect: buildConnector.connector;
  readonly #guard: AddressGuard;
  readonly #open: SocketConnector;
  readonly #pending = new PendingSockets();

  constructor(options: GuardedConnectOptions) {
    this.#guard = options.guard;
    this.#open = openSockets(options);
    this.connect = judged(options.guard, (target, callback) => {
      this.#dial(target, callback);
    });
  }

  destroyPending(): void {
    this.#pending.destroyAll();
  }

  #dial(target: buildConnector.Options, callback: buildConnector.Callback): void {
    let reached: ConnectFailure | 'peer' | undefined;
    const socket = this.#open(target, (error, open) => {
      this.#pending.isMade(socket);
      if (reached instanceof ConnectFailure) callback(reached, null);
      else if (open !== null && error === null) callback(null, open);
      else
        callback(
          ConnectFailure.of(reached === 'peer' ? 'tls_failed' : 'connect_failed', error ?? CLOSED),
          null,
        );
    });
    this.#pending.add(socket);
    // First in line, so that TLS has not yet written its greeting when a peer is refused.
    socket.prependOnceListener('connect', () => {
      const refusal = judgePeer(socket, target.hostname, this.#guard);
      reached = refusal ?? 'peer';
      if (refusal !== undefined) socket.destroy(refusal);
    });
  }
}

function openSockets(options: GuardedConnectOptions): SocketConnector {
  return buildConnector({
    lookup: guardedLookup(options.guard, options.lookup ?? dnsLookup),
    timeout: options.connectTimeoutMs ?? 10_000,
    allowH2: false,
    autoSelectFamily: true,
    // Node's 250 ms per address gives up on distant hosts that have several.
    autoSelectFamilyAttemptTimeout: 1_000,
    ...(options.ca !== undefined && { ca: options.ca }),
  }) as unknown as SocketConnector;
}

/** A peer that hung up already has no address; that is no verdict on it. */
function judgePeer(socket: Socket, hostname: string, guard: AddressGuard): ConnectFailure | undefined {
  const address = socket.remoteAddress;
  if (address === undefined) return ConnectFailure.of('connect_failed', CLOSED);
  const verdict = guard.judge(address);
  if (verdict.allowed) return undefined;
  return ConnectFailure.refused(hostname, `its connection ended at ${address}, a ${verdict.reason}`);
}
