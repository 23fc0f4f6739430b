import type { Redis, RedisOptions, SentinelAddress } from 'ioredis';
// Beside the one for a Redis that is named by its address, see master-connector.ts.
import { SentinelConnector } from 'ioredis/built/connectors/index.js';
import { isSentinelFault } from './connect-fault.js';
import { type Address, addressOf } from './replication/replication-info.js';

type Connector = NonNullable<RedisOptions['Connector']>;
type Emit = Parameters<SentinelConnector['connect']>[0];

/** Its insides that matter here, as they are in the version that package.json pins. It tells of them nowhere else. */
interface Insides {
  readonly options: { readonly name: string };
  connect(emit: Emit): ReturnType<SentinelConnector['connect']>;
  connectToSentinel(endpoint: SentinelAddress, options?: RedisOptions): Redis;
  resolveMaster(client: Redis): Promise<Address | null>;
}

const Base = SentinelConnector as unknown as new (options: unknown) => Insides;

/** Told of what the client itself keeps to itself, or writes to standard error. */
export interface SentinelListener {
  /** A single Sentinel cannot be used. Told again with each try. */
  onSentinelFault(address: string, fault: Error): void;
  onSentinelReady(address: string): void;
  /** Where replicas of the master are, as a Sentinel knows it that was asked for the master. */
  onReplicas(replicas: readonly Address[]): void;
}

/** How to reach the master that Sentinels know. */
export function sentinelConnectorTo(listener: SentinelListener): Connector {
  const connector = class extends Base {
    /** Whether a Sentinel has named a master since all of them were asked. */
    private isNamed = false;

    override connect(emit: Emit): ReturnType<SentinelConnector['connect']> {
      return super.connect((type, error) => {
        // It asks the next Sentinel each time it connects, and takes the end of its list for a fault of all of them.
        const isWrong = this.isNamed && isSentinelFault(error.message);
        if (isWrong) this.isNamed = false;
        else emit(type, error);
      });
    }

    override connectToSentinel(endpoint: SentinelAddress, options?: RedisOptions): Redis {
      const client = super.connectToSentinel(endpoint, options);
      const address = addressOf(endpoint);
      client.on('error', (fault: Error) => {
        listener.onSentinelFault(address, fault);
      });
      client.on('ready', () => {
        listener.onSentinelReady(address);
      });
      return client;
    }

    override async resolveMaster(client: Redis): Promise<Address | null> {
      const master = await super.resolveMaster(client);
      if (master) {
        this.isNamed = true;
        listener.onReplicas(await replicasKnownTo(client, this.options.name));
      }
      return master;
    }
  };
  return connector as unknown as Connector;
}

/** But for those that it holds to be down. One that may not be asked for them knows none. */
async function replicasKnownTo(sentinel: Redis, master: string): Promise<Address[]> {
  const answer = await sentinel.call('SENTINEL', 'REPLICAS', master).catch(() => []);
  return (answer as string[][])
    .map((fields) => (name: string) => fields[fields.indexOf(name) + 1] ?? '')
    .filter((field) => !/[so]_down/.test(field('flags')))
    .map((field) => ({ host: field('ip'), port: Number(field('port')) }));
}
