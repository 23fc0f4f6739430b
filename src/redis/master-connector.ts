import type { RedisOptions } from 'ioredis';
// Not in the index of the package, which offers only its base, without the part that connects.
import { StandaloneConnector } from 'ioredis/built/connectors/index.js';

type Connector = NonNullable<RedisOptions['Connector']>;
type Emit = Parameters<StandaloneConnector['connect']>[0];

/** Of what `INFO` says; a Redis that forbids to ask says nothing. */
export interface ServerInfo {
  readonly role?: string;
  /** `standalone`, `cluster` or `sentinel`. */
  readonly redis_mode?: string;
  readonly master_host?: string;
  readonly master_port?: string;
}

/**
 * How to reach a Redis that is named by its address. A connection counts as ready only when nothing is wrong with the
 * server at its other end; else it is tried again, and what is wrong comes as its error. With Sentinel the client asks
 * by itself whether it has got the master.
 */
export function connectorTo(fault: (info: ServerInfo) => Error | undefined): Connector {
  return class extends StandaloneConnector {
    private emit: Emit = () => undefined;

    constructor(options: unknown) {
      super(options as ConstructorParameters<typeof StandaloneConnector>[0]);
    }

    override connect(emit: Emit): ReturnType<StandaloneConnector['connect']> {
      this.emit = emit;
      return super.connect(emit);
    }

    override check(info: ServerInfo): boolean {
      const found = fault(info);
      if (found) this.emit('error', found);
      return found === undefined;
    }
  };
}
