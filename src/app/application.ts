import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { LayoutWatch } from '../redis/layout-watch.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { Tracing } from '../tracing/tracing.js';
import { announce } from './announce.js';
import { createApp } from './create-app.js';
import type { Half } from './half.js';
import { halvesOf } from './roles.js';
import { runInOrder } from './shutdown.js';
import { listenFailure, startFailure } from './start-refused.js';

/** After the drain: time to hand tasks back, close the server and quit Redis. */
const AFTER_DRAIN_MS = 5000;

/** The longest that a timer can wait. What runs ends by its own timeout long before. */
const AS_LONG_AS_IT_TAKES_MS = 2 ** 31 - 1;

const NEVER = new AbortController().signal;

/** The process as a whole: what starts when, and what stops when. */
export class Application {
  private constructor(
    readonly nest: NestFastifyApplication,
    private readonly config: Config,
    private readonly halves: readonly Half[],
  ) {}

  static async create(config: Config): Promise<Application> {
    const types = await halvesOf(config.service.mode);
    const nest = await createApp(config, types);
    return new Application(
      nest,
      config,
      types.map((type) => nest.get<Half>(type)),
    );
  }

  /**
   * Listens first, so that probes are answered while Redis is awaited; then takes work.
   *
   * @param signal calls the start off; what was opened is closed again
   * @returns where it listens, or nothing when it was called off
   * @throws Error when the port is taken or Redis cannot be reached; what was opened is closed again
   */
  async start(signal = NEVER): Promise<string | undefined> {
    try {
      signal.throwIfAborted();
      const url = await this.listen();
      await this.nest.get(RedisConnections).waitUntilReady(signal);
      await orAborted(signal, Promise.all(this.halves.map(async (half) => half.start?.())));
      this.nest.get(LayoutWatch).start(() => void this.drain(AS_LONG_AS_IT_TAKES_MS).catch(() => undefined));
      announce(this.config, url);
      return url;
    } catch (error) {
      await this.stop();
      if (signal.aborted && error === signal.reason) return undefined;
      throw startFailure(error);
    }
  }

  /**
   * Stops in the one order that loses nothing: not ready any more; no new work, and running tasks finish or are handed
   * back while probes still answer; then HTTP; Redis last, because settling needs it.
   *
   * @returns whether it was done in time
   */
  async stop(): Promise<boolean> {
    const drainMs = this.config.service.shutdownTimeoutSec * 1000;
    this.nest.get(HealthRegistry).beginShutdown();
    return runInOrder(
      [
        ['drain', () => this.drain(drainMs)],
        ['http', () => this.nest.close()],
        ['traces', () => this.nest.get(Tracing).close()],
        ['redis', () => this.nest.get(RedisConnections).close()],
      ],
      drainMs + AFTER_DRAIN_MS,
    );
  }

  /** Also called once more while it is under way, when a process that finishes its tasks is to end. */
  private drain(deadlineMs: number): Promise<unknown> {
    return Promise.all(this.halves.map(async (half) => half.drain?.(deadlineMs)));
  }

  /** Not by way of Nest, which writes a failure into the log before anybody can say it in better words. */
  private async listen(): Promise<string> {
    const { port, bindAddress: host } = this.config.service;
    try {
      return await this.nest.getHttpAdapter().getInstance().listen({ port, host });
    } catch (error) {
      throw listenFailure(error, port);
    }
  }
}

/** Redis may answer and yet refuse every write: a half then starts only when that is over. */
async function orAborted(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  signal.throwIfAborted();
  let callOff: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    callOff = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', callOff);
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', callOff);
  }
}
