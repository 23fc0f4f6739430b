import { Agent, type buildConnector } from 'undici';
import type { AbortHandle } from '../queue/abort-handle.js';
import type { Connector } from './connector.js';
import { limitAnswers, MAX_HEADER_BYTES, MAX_READ_BYTES } from './answer-limit.js';
import { Exchange } from './exchange.js';
import { GuardedConnector, GuardedConnectOptions } from './guarded-connect.js';
import { ProxiedConnector } from './proxied-connect.js';
import type { EgressProxy } from './proxy-tunnel.js';
import { HttpSender, OutgoingRequest, Reply } from './http-sender.js';

export interface UndiciSenderOptions extends GuardedConnectOptions {
  /** How much of an answer's body to hand back, in bytes; at most and by default 65 536. */
  readonly captureBytes?: number;
  /** Every call goes through it; without one, straight to the target. */
  readonly proxy?: EgressProxy;
}

/** Milliseconds an unused connection is kept, also when the target offers longer. */
const KEEP_ALIVE_MS = 4_000;

/**
 * Sends with undici's `dispatch`: raw bytes both ways, no redirects, no decompression, no proxy from the
 * environment, no cookie jar. Never shares its agent, whose sockets have passed this sender's guard.
 */
export class UndiciSender extends HttpSender {
  readonly #connector: Connector;
  readonly #agent: Agent;
  readonly #captureBytes: number;

  constructor(options: UndiciSenderOptions) {
    super();
    this.#captureBytes = Math.min(options.captureBytes ?? MAX_READ_BYTES, MAX_READ_BYTES);
    const { proxy } = options;
    this.#connector = proxy ? new ProxiedConnector({ ...options, proxy }) : new GuardedConnector(options);
    this.#agent = new Agent({
      connect: limited(this.#connector.connect),
      // Unlimited: how many run at once is decided by who calls; a limit here would make tasks wait unseen.
      connections: null,
      pipelining: 1,
      // The exchange's deadline covers everything; these would cut long tasks short or miss dripping ones.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  override send(request: OutgoingRequest, abort: AbortHandle): Promise<Reply> {
    const exchange = new Exchange(request, abort, this.#captureBytes);
    if (!exchange.settled) this.#dispatch(request, exchange);
    return exchange.reply;
  }

  override async close(): Promise<void> {
    const closed = this.#agent.destroy();
    this.#connector.destroyPending();
    await closed;
  }

  #dispatch(request: OutgoingRequest, exchange: Exchange): void {
    const { origin, path } = placeOf(request.url);
    this.#agent.dispatch(
      {
        origin,
        path,
        method: request.method,
        // undici types them as its own to change, and does not.
        headers: request.headers as string[],
        body: request.body ?? null,
      },
      exchange,
    );
  }
}

function limited(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) => {
    connect(target, (...result) => {
      const [, socket] = result;
      if (socket) limitAnswers(socket);
      callback(...result);
    });
  };
}

function placeOf(text: string): { origin: string; path: string } {
  try {
    const { origin, pathname, search } = new URL(text);
    return { origin, path: pathname + search };
  } catch {
    // undici refuses an empty origin as it refuses every other scheme, by way of the exchange.
    return { origin: '', path: '/' };
  }
}
