import { Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { RedisMetric } from '../metrics/redis-metric.js';
import { HealthRegistry, type ComponentHealth } from '../health/health-registry.js';
import { ConnectionLog } from './connection-log.js';
import { type ConnectionProfile, producerProfile, workerProfile } from './connection-profiles.js';
import { ConnectFault, onSilence } from './connect-advice.js';
import { askedOf, UnusableRedis } from './connect-fault.js';
import { openConnection, openReplica } from './open-connection.js';
import { RedisCheck } from './redis-check.js';
import { measureCommands } from './measure-commands.js';
import { isReadyWithin } from './ready-within.js';
import { quit } from './quit.js';
import { describeTarget, needsReplica, redisTarget } from './redis-target.js';
import { ReplicaWatch } from './replication/replica-watch.js';
import { Replicas } from './replication/replicas.js';
import { Writer } from './writer.js';

/**
 * Connections that the API half writes over, when each waits for a replica after every batch. More add nothing; without
 * that wait one is enough, and makes the larger batches.
 */
export const REPLICATED_WRITERS = 4;

type Writers = readonly [Writer, ...Writer[]];

const REOPEN_AFTER_MS = 100;

/** Redis did not answer while the process started. */
export class RedisUnreachable extends Error {}

/** The process's connections to Redis: one of each profile that is asked for, the writers, and one to each replica. Never more. */
@Injectable()
export class RedisConnections {
  private readonly logger = new Logger('Redis');
  private readonly log = new ConnectionLog(this.logger);
  private readonly open = new Map<string, Redis>();
  private opened: Writers | undefined;
  private replicas: ReplicaWatch | undefined;
  private readonly redisCheck: RedisCheck;
  private lastFault: Error | undefined;
  /** Aborted when waiting for Redis is no use. */
  private readonly refused = new AbortController();
  private isClosed = false;

  constructor(
    private readonly config: Config,
    private readonly health: HealthRegistry,
    private readonly metric: RedisMetric = new RedisMetric(),
  ) {
    metric.measureWith(() =>
      Array.from(this.open, ([name, { status }]) => [name, status === 'ready'] as const),
    );
    this.redisCheck = new RedisCheck(config, this.logger);
    health.register({ name: 'redis', check: () => this.check() });
  }

  /** For what a client waits for: fails fast. */
  get producer(): Redis {
    return this.connection('producer', producerProfile);
  }

  /** For what a client waits for and must not be lost once it is answered. */
  get writers(): Writers {
    return (this.opened ??= this.openWriters());
  }

  /**
   * Does work that writes, and rarely; when this resolves, it is as durable as a task that was acknowledged.
   *
   * @throws NotDurable
   */
  write<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    return this.writers[0].write(work);
  }

  /** For the worker: waits until Redis is back. */
  get worker(): Redis {
    return this.connection('worker', workerProfile);
  }

  /** For the worker's blocking calls, which hold up whatever else is sent on their connection. */
  get blocking(): Redis {
    return this.connection('blocking', workerProfile);
  }

  /** For waiting for events, of processes that have listeners. */
  get events(): Redis {
    return this.connection('events', workerProfile);
  }

  /**
   * Waits for the first connections.
   *
   * @param signal ends the waiting
   * @throws RedisUnreachable after `REDIS_CONNECT_RETRIES` tries, `REDIS_RETRY_INTERVAL_SEC` apart, or at once when more
   *   of them are no use; the signal's reason when it was aborted
   */
  async waitUntilReady(signal?: AbortSignal): Promise<void> {
    const { connectRetries: tries, retryIntervalSec: interval } = this.config.redis;
    const all = [this.producer, ...this.open.values()];
    const calledOff = AbortSignal.any([this.refused.signal, ...(signal ? [signal] : [])]);
    for (let attempt = 1; attempt <= tries; attempt++) {
      const ready = await Promise.all(all.map((redis) => isReadyWithin(redis, interval * 1000, calledOff)));
      if (ready.every(Boolean)) return this.requireUsable();
      calledOff.throwIfAborted();
      this.logger.warn(`Redis at ${this.where} is not ready (try ${attempt} of ${tries})`);
    }
    throw new RedisUnreachable(this.whyNot(tries));
  }

  /** Ends every connection, orderly if Redis answers in time. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.replicas?.close();
    await Promise.all([...this.open.values()].map(quit));
    this.open.clear();
  }

  private async requireUsable(): Promise<void> {
    const fault = await this.redisCheck.usageFault(this.producer);
    if (fault) throw new RedisUnreachable(fault.message);
  }

  private get where(): string {
    return describeTarget(redisTarget(this.config));
  }

  private whyNot(tries: number): string {
    const { lastFault, config } = this;
    if (lastFault instanceof UnusableRedis) return `${lastFault.message} (Tried ${tries} times.)`;
    const { reason, advice } =
      lastFault instanceof ConnectFault
        ? lastFault
        : { reason: undefined, advice: onSilence(askedOf(config)) };
    const why = `Redis at ${this.where} did not answer ${tries} times${reason ? ` (${reason})` : ''}.`;
    return `${why} ${advice ?? 'Check the server and the REDIS_ settings.'}`;
  }

  private openWriters(): Writers {
    if (!needsReplica(this.config)) return [new Writer(this.producer)];
    const { config, log } = this;
    const replicas = new Replicas((at) => openReplica(at, { config, log }));
    const watch = (this.replicas = new ReplicaWatch(this.producer, replicas));
    this.health.register({ name: 'replicas', check: () => watch.health() });
    const open = (n: number): Writer => new Writer(this.connection(`writer-${n}`, producerProfile), replicas);
    return [open(1), ...Array.from({ length: REPLICATED_WRITERS - 1 }, (_, n) => open(n + 2))];
  }

  private connection(name: string, profile: ConnectionProfile): Redis {
    const existing = this.open.get(name);
    if (existing) return existing;
    const redis = openConnection(name, profile, {
      config: this.config,
      log: this.log,
      onFault: (fault) => {
        this.onFault(fault);
      },
      onReplicas: (at) => {
        this.replicas?.expect(at);
      },
    });
    this.open.set(name, redis);
    measureCommands(redis, this.metric);
    this.keepOpen(redis);
    if (name === 'producer') redis.on('ready', () => void this.redisCheck.inspect(redis));
    return redis;
  }

  private onFault(fault: Error): void {
    this.lastFault = fault;
    if (fault instanceof UnusableRedis && fault.isFinal)
      this.refused.abort(new RedisUnreachable(fault.message));
  }

  /**
   * The client gives a connection up for good when it is told of a failover while it is just connecting, and a worker
   * would wait for it for ever.
   */
  private keepOpen(redis: Redis): void {
    redis.on('end', () => {
      if (this.isClosed) return;
      setTimeout(() => {
        if (!this.isClosed) redis.connect().catch(() => undefined);
      }, REOPEN_AFTER_MS);
    });
  }

  private async check(): Promise<ComponentHealth> {
    const detail = await this.redisCheck.check(this.producer);
    return { up: [...this.open.values()].every(({ status }) => status === 'ready'), detail };
  }
}
