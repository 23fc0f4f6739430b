import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { HealthRegistry } from '../health/health-registry.js';
import type { UnusableRedis } from './connect-fault.js';
import { layoutFault } from './layout.js';
import { RedisConnections } from './redis-connections.js';

/** So long a process that a newer version shuts out goes on at most, and perhaps nobody asks for its health. */
const EVERY_MS = 5000;

/**
 * Notices that a newer version works on this Redis whose data this one does not understand. It stays so until the process
 * ends: what is stored is never of an older layout again.
 */
@Injectable()
export class LayoutWatch implements OnModuleDestroy {
  private readonly logger = new Logger('Redis');
  private timer: NodeJS.Timeout | undefined;
  private found: UnusableRedis | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly health: HealthRegistry,
  ) {}

  /** Why this process must not work with what is stored; nothing when it may. */
  get fault(): UnusableRedis | undefined {
    return this.found;
  }

  /** @param onShutOut told once, when this process must begin nothing more */
  start(onShutOut: () => void): void {
    this.timer = setInterval(() => void this.look(onShutOut), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async look(onShutOut: () => void): Promise<void> {
    const fault = await layoutFault(this.connections.producer);
    if (!fault || this.found) return;
    this.found = fault;
    clearInterval(this.timer);
    this.health.register({ name: 'layout', check: () => ({ up: false, detail: { shut_out: true } }) });
    this.logger.error(
      `${fault.message} Until it is ended, this process finishes the tasks that it runs, takes no other, and answers 503.`,
    );
    onShutOut();
  }
}
