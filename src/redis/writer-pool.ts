import type { Redis } from 'ioredis';
import type { Config } from '../config/config.js';
import type { HealthRegistry } from '../health/health-registry.js';
import type { ConnectionLog } from './connection-log.js';
import { openReplica } from './open-connection.js';
import { needsReplica } from './redis-target.js';
import { ReplicaWatch } from './replication/replica-watch.js';
import { Replicas } from './replication/replicas.js';
import { Writer } from './writer.js';

/**
 * Connections that the API half writes over, when each waits for a replica after every batch. More add nothing; without
 * that wait one is enough, and makes the larger batches.
 */
export const REPLICATED_WRITERS = 4;

export type Writers = readonly [Writer, ...Writer[]];

interface Surroundings {
  readonly config: Config;
  readonly log: ConnectionLog;
  readonly health: HealthRegistry;
}

/** The writers of a process, and the replicas that they wait for; each is opened when it is asked for first. */
export class WriterPool {
  private opened: Writers | undefined;
  private one: Writer | undefined;
  private replicas: Replicas | undefined;
  private watch: ReplicaWatch | undefined;

  /** @param connect opens the connection of that name, or gives it again */
  constructor(
    private readonly connect: (name: string) => Redis,
    private readonly around: Surroundings,
  ) {}

  get first(): Writer {
    return (this.one ??= this.openFirst());
  }

  /** From here on clients wait for what is written: without replicas the process is not ready. */
  get all(): Writers {
    return (this.opened ??= this.openAll());
  }

  /** Redis has named replicas. */
  expectReplicas(at: Parameters<ReplicaWatch['expect']>[0]): void {
    this.watch?.expect(at);
  }

  close(): void {
    this.watch?.close();
  }

  private openFirst(): Writer {
    const { config, log, health } = this.around;
    if (!needsReplica(config)) return new Writer(this.connect('producer'));
    const replicas = (this.replicas = new Replicas((at) => openReplica(at, { config, log })));
    const watch = (this.watch = new ReplicaWatch(this.connect('producer'), replicas));
    health.register({ name: 'replicas', informs: true, check: () => watch.health() });
    return new Writer(this.connect('writer-1'), replicas);
  }

  private openAll(): Writers {
    const writers: Writers = [this.first, ...this.openOthers()];
    const { watch } = this;
    if (watch) this.around.health.register({ name: 'replicas', check: () => watch.health() });
    return writers;
  }

  private openOthers(): Writer[] {
    const { replicas } = this;
    if (!replicas) return [];
    const numbers = Array.from({ length: REPLICATED_WRITERS - 1 }, (_, n) => n + 2);
    return numbers.map((n) => new Writer(this.connect(`writer-${n}`), replicas));
  }
}
