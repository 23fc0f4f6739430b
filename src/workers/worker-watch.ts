import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { scripts } from './scripts.js';
import type { WorkerRecord } from './worker.js';
import { WorkerNews } from './worker-news.js';

/** Notices that a worker is gone, also when it was the last one: workers find each other, and here the API looks, too. */
@Injectable()
export class WorkerWatch implements OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: Config,
    private readonly connections: RedisConnections,
    private readonly news: WorkerNews,
  ) {}

  start(): void {
    const everyMs = this.config.workers.heartbeatSec * 1000;
    this.timer = setInterval(() => void this.look().catch(() => undefined), everyMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const args = [this.config.workers.timeoutSec * 1000];
    const lost = await scripts.sweepWorkers.run(this.connections.producer, PREFIX, args);
    for (const text of lost as string[]) this.news.tell('lost', JSON.parse(text) as WorkerRecord);
  }
}
