import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Config } from '../../config/config.js';
import type { ComponentHealth } from '../../health/health-registry.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { CircuitSweep } from './circuit-sweep.js';
import { DispatchLoop } from './dispatch-loop.js';
import { FleetMember } from './fleet-member.js';
import { Housekeeping } from './housekeeping.js';
import { LaneShares } from './lane-shares.js';
import { LockKeeper } from './lock-keeper.js';
import { OpeningHandler } from './opening-handler.js';
import { HostChanges } from '../gates/host-changes.js';
import { QueueClock } from '../queue-clock.js';
import { laneWeights, stepSettings } from '../queue-rules.js';
import { RunningTasks } from './running-tasks.js';
import { Sleeper } from './sleeper.js';
import { TaskCipher } from '../task-cipher.js';
import { TaskHandler } from '../task-handler.js';
import { TaskNews } from '../task-news.js';
import { Watchdog } from './watchdog.js';
import { type PoolLoad, type PoolMeter, WorkerPool } from '../worker-pool.js';

/** Runs tasks of this process: the loop, the locks of what runs, and what every worker does now and then. */
@Injectable()
export class LoopWorkerPool extends WorkerPool {
  override readonly token = randomUUID();
  override readonly hostChanges = new HostChanges();
  override readonly taskNews = new TaskNews();
  private readonly logger = new Logger('Worker');
  private readonly redis: Redis;
  private readonly running: RunningTasks;
  private readonly locks: LockKeeper;
  private readonly housekeeping: Housekeeping;
  private readonly circuits: CircuitSweep;
  private readonly fleet: FleetMember;
  private readonly sleeper: Sleeper;
  private readonly loop: DispatchLoop;
  private readonly watchdog = new Watchdog();
  private meter: PoolMeter | undefined;
  private readonly slots: number;
  private startedAt: number | undefined;
  private tellOfCallbacks: () => void = () => undefined;
  private readonly callbacksOrdered = (): void => {
    this.tellOfCallbacks();
  };
  private isStarted = false;
  private isPaused = false;

  constructor(config: Config, connections: RedisConnections, handler: TaskHandler, clock: QueueClock) {
    super();
    const { worker: redis, blocking } = connections;
    this.redis = redis;
    const settings = stepSettings(config, this.token);
    this.running = new RunningTasks(
      new OpeningHandler(handler, { cipher: new TaskCipher(config), clock, maxAgeMs: settings.maxAgeMs }),
      this.logger,
      clock,
      this.taskNews,
    );
    this.locks = new LockKeeper(redis, settings, () => this.running.members());
    this.housekeeping = new Housekeeping(redis, settings.lockMs, clock, {
      historyMaxBytes: config.retention.historyMaxBytes,
      memoryHighPercent: config.storage.memoryHighPercent,
    });
    this.circuits = new CircuitSweep(redis, clock, settings.breaker, this.hostChanges);
    this.sleeper = new Sleeper(blocking, redis, settings.token);
    this.slots = config.delivery.concurrency;
    const slots = (): number => (this.isPaused ? 0 : this.slots);
    this.fleet = new FleetMember(redis, settings, slots);
    this.loop = new DispatchLoop(
      {
        redis,
        settings,
        slots,
        shares: new LaneShares(laneWeights(config)),
        sleeper: this.sleeper,
        watchdog: this.watchdog,
        clock,
        hostChanges: this.hostChanges,
        taskNews: this.taskNews,
        onCallbacks: this.callbacksOrdered,
        onTurn: (...tasks) => this.meter?.turned(...tasks),
        onHistory: this.housekeeping.onHistory,
      },
      this.running,
    );
  }

  override check(): ComponentHealth {
    const { isWell, silentMs } = this.watchdog;
    const paused = this.isPaused && { paused: true };
    return { up: isWell, detail: { running: this.running.size, last_turn_ms_ago: silentMs, ...paused } };
  }

  override async start(): Promise<void> {
    this.locks.start((lost) => {
      if (lost.length > 0) this.running.onLost(lost.map((member) => member.slice(member.indexOf(':') + 1)));
    });
    this.housekeeping.start({
      onRecovered: (ids) => {
        this.meter?.recovered(ids.length);
        this.logger.warn({ task_ids: ids }, 'their worker was lost; they run again');
      },
      onEvicted: (tasks) => {
        this.logger.log(
          { tasks },
          'the history was above HISTORY_MAX_BYTES, or Redis short of memory; its oldest tasks were removed',
        );
      },
    });
    this.circuits.start();
    this.isStarted = true;
    this.startedAt = performance.now();
    await this.loop.start();
    this.fleet.start();
  }

  override pause(): void {
    this.setPaused(true);
  }

  override resume(): void {
    this.setPaused(false);
  }

  override handBack(): void {
    this.running.abortAll();
  }

  override load(): PoolLoad {
    return this.running.load();
  }

  override get capacity(): WorkerPool['capacity'] {
    const { slots, startedAt } = this;
    return { slots, forMs: startedAt === undefined ? 0 : performance.now() - startedAt };
  }

  override meterBy(meter: PoolMeter): void {
    this.meter = meter;
  }

  override onCalled(listener: () => void): void {
    this.running.onCalled = listener;
  }

  override onCallbacks(listener: () => void): void {
    this.tellOfCallbacks = listener;
  }

  override async drain(deadlineMs: number): Promise<void> {
    if (!this.isStarted) return;
    const deadline = setTimeout(() => {
      this.running.abortAll();
    }, deadlineMs);
    this.housekeeping.stop();
    this.circuits.stop();
    await Promise.race([this.stopInOrder(), this.untilNobodyListens()]);
    clearTimeout(deadline);
    this.locks.stop();
  }

  private async stopInOrder(): Promise<void> {
    await Promise.all([this.fleet.leave(), this.loop.drain()]);
    await this.sleeper.stop();
  }

  private setPaused(isPaused: boolean): void {
    if (this.isPaused === isPaused) return;
    this.isPaused = isPaused;
    if (!this.isStarted) return;
    this.fleet.tell();
    this.loop.lookAgain();
  }

  /** Resolves when there is nothing that Redis must be told, and it has been away for a second. */
  private async untilNobodyListens(): Promise<void> {
    for (let looks = 0; looks < 10;) {
      await sleep(100, undefined, { ref: false });
      looks = this.loop.isDone() && this.redis.status !== 'ready' ? looks + 1 : 0;
    }
  }
}
