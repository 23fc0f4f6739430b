import { Injectable, Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { HealthRegistry, type ComponentHealth } from '../health/health-registry.js';
import {
  type ConnectionProfile,
  describeTarget,
  producerProfile,
  redisTarget,
  workerProfile,
} from './redis-options.js';

const PING_DEADLINE_MS = 1000;
const QUIT_DEADLINE_MS = 1000;

/** The process's connections to Redis, one for each profile that is asked for. */
@Injectable()
export class RedisConnections {
  private readonly logger = new Logger('Redis');
  private readonly open = new Map<string, Redis>();

  constructor(
    private readonly config: Config,
    health: HealthRegistry,
  ) {
    health.register({ name: 'redis', check: () => this.check() });
  }

  /** For what a client waits for: fails fast. */
  get producer(): Redis {
    return this.connection('producer', producerProfile);
  }

  /** For the worker: waits until Redis is back. */
  get worker(): Redis {
    return this.connection('worker', workerProfile);
  }

  /** For the worker's blocking calls, which hold up whatever else is sent on their connection. */
  get blocking(): Redis {
    return this.connection('blocking', workerProfile);
  }

  /**
   * Waits for the first connection.
   *
   * @param signal ends the waiting
   * @throws Error after `REDIS_CONNECT_RETRIES` tries, `REDIS_RETRY_INTERVAL_SEC` apart; the signal's reason when it
   *   was aborted
   */
  async waitUntilReady(signal?: AbortSignal): Promise<void> {
    const { connectRetries: tries, retryIntervalSec: interval } = this.config.redis;
    for (let attempt = 1; attempt <= tries; attempt++) {
      if (await isReadyWithin(this.producer, interval * 1000, signal)) return;
      signal?.throwIfAborted();
      this.logger.warn(`Redis at ${this.where} does not answer (try ${attempt} of ${tries})`);
    }
    throw new Error(`Redis at ${this.where} did not answer ${tries} times. Check REDIS_URL and the server.`);
  }

  /** Ends every connection, orderly if Redis answers in time. */
  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(quit));
    this.open.clear();
  }

  private get where(): string {
    return describeTarget(redisTarget(this.config));
  }

  private connection(name: string, profile: ConnectionProfile): Redis {
    const existing = this.open.get(name);
    if (existing) return existing;
    const redis = new Redis({
      ...redisTarget(this.config),
      ...profile,
      connectionName: `task-runner:${name}`,
    });
    // Without a listener an error would end the process; one line per change is enough at 3 a.m.
    let lastError = '';
    redis.on('error', (error: Error) => {
      if (error.message !== lastError) this.logger.warn(`${name} connection: ${error.message}`);
      lastError = error.message;
    });
    redis.on('ready', () => {
      lastError = '';
      this.logger.log(`${name} connection to ${this.where} is ready`);
    });
    this.open.set(name, redis);
    return redis;
  }

  private async check(): Promise<ComponentHealth> {
    const started = performance.now();
    await within(PING_DEADLINE_MS, this.producer.ping());
    return { up: true, detail: { ping_ms: Math.round((performance.now() - started) * 10) / 10 } };
  }
}

function isReadyWithin(redis: Redis, ms: number, signal?: AbortSignal): Promise<boolean> {
  if (redis.status === 'ready' || signal?.aborted) return Promise.resolve(redis.status === 'ready');
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      redis.off('ready', settle);
      signal?.removeEventListener('abort', settle);
      resolve(redis.status === 'ready');
    };
    const timer = setTimeout(settle, ms);
    redis.once('ready', settle);
    signal?.addEventListener('abort', settle);
  });
}

async function quit(redis: Redis): Promise<void> {
  try {
    if (redis.status === 'ready') await within(QUIT_DEADLINE_MS, redis.quit());
  } catch {
    // It is going away anyway.
  }
  redis.disconnect();
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
