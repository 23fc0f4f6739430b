import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { HealthRegistry } from '../../health/health-registry.js';
import { bytesAbove, type Memory, readMemory } from '../../redis/memory.js';
import { RedisConnections } from '../../redis/redis-connections.js';

const SAMPLE_EVERY_MS = 1000;
/** Opens again this far below, percent of `maxmemory`: buffers of connections come and go. */
const OPENS_BELOW_PERCENT = 3;

/**
 * Looks each second how full Redis is, so that enqueueing is refused while there is still room for what the workers
 * write: a Redis that is full to the last byte takes no settlement from anyone.
 */
@Injectable()
export class MemoryWatch implements OnModuleDestroy {
  private readonly logger = new Logger('Queue');
  private readonly highPercent: number;
  private memory: Memory | undefined;
  private isHigh = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    health: HealthRegistry,
  ) {
    this.highPercent = config.storage.memoryHighPercent;
    // Up also when it is full: reading, cancelling and the work go on.
    health.register({ name: 'store', check: () => ({ up: true, detail: this.detail() }) });
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.timer = setInterval(() => void this.look(), SAMPLE_EVERY_MS);
    this.timer.unref();
    await this.look();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Whether there is no room for one more task. */
  get isShort(): boolean {
    return this.isHigh;
  }

  /** While Redis cannot be asked, nothing is known, and it says itself that it takes nothing. */
  private async look(): Promise<void> {
    this.memory = await readMemory(this.connections.producer).catch(() => undefined);
    const most = this.highPercent - (this.isHigh ? OPENS_BELOW_PERCENT : 0);
    const isHigh = this.memory !== undefined && bytesAbove(this.memory, most) > 0;
    if (isHigh === this.isHigh) return;
    this.isHigh = isHigh;
    this.tell();
  }

  private tell(): void {
    const share = `REDIS_MEMORY_HIGH_PERCENT (${this.highPercent})`;
    if (this.isHigh)
      this.logger.warn(this.detail(), `Redis uses more than ${share} of its maxmemory; enqueueing gets 503`);
    else this.logger.log(this.detail(), 'Redis has room again; enqueueing is open');
  }

  private detail(): Readonly<Record<string, string | number>> {
    if (!this.memory) return { memory: 'unknown' };
    const { usedBytes, maxBytes } = this.memory;
    return {
      memory: this.isHigh ? 'high' : 'ok',
      used_bytes: usedBytes,
      max_bytes: maxBytes,
      ...(maxBytes > 0 && { used_percent: Math.round((usedBytes / maxBytes) * 1000) / 10 }),
      high_percent: this.highPercent,
    };
  }
}
