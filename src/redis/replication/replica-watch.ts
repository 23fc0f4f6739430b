import type { Redis } from 'ioredis';
import type { ComponentHealth } from '../../health/health-registry.js';
import { lookAt, type Replicas } from './replicas.js';
import type { Address, ReplicationInfo } from './replication-info.js';

const LOOK_EVERY_MS = 1000;
/** A replica says each second how far it is. */
const MOST_SILENT_SEC = 5;
/** A replica that is started again, or has got a new master, is away for a moment. */
const GRACE_MS = 5000;

/** Looks each second at the replicas, so that it is known when nothing can be acknowledged, though nobody asks for it. */
export class ReplicaWatch {
  private connected = 0;
  private isPromoted = false;
  private isLooking = false;
  private isClosed = false;
  /** When all was well last, by the clock of `performance.now()`. */
  private wellAt = -Infinity;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly redis: Redis,
    private readonly replicas: Replicas,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
    redis.on('ready', () => void this.look());
  }

  /** Down when nothing could have been acknowledged for some seconds. */
  health(): ComponentHealth {
    const { awaited, excused } = this.replicas;
    return {
      up: performance.now() - this.wellAt < GRACE_MS,
      detail: { connected: this.connected, needed: 1, awaited, excused, failover: this.isPromoted },
    };
  }

  /** Is told of replicas by others than their master. */
  expect(replicas: readonly Address[]): void {
    for (const at of replicas) this.replicas.expect(at);
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.replicas.close();
  }

  private async look(): Promise<void> {
    if (this.isLooking || this.isClosed) return;
    this.isLooking = true;
    try {
      const master = await lookAt(this.redis);
      this.isPromoted = await this.replicas.look(master);
      this.connected = connectedTo(master);
    } catch {
      // While Redis is away, its own component says so.
      this.connected = 0;
    } finally {
      this.isLooking = false;
    }
    if (this.connected > 0 && !this.isPromoted) this.wellAt = performance.now();
  }
}

function connectedTo({ replicas }: ReplicationInfo): number {
  return [...replicas.values()].filter(({ silentSec }) => silentSec <= MOST_SILENT_SEC).length;
}
