import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { buildInfo } from '../config/build-info.js';
import { Config } from '../config/config.js';
import { type PoolLoad, WorkerPool } from '../queue/worker-pool.js';
import { PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { isUnavailable } from '../redis/unavailable.js';
import { within } from '../redis/within.js';
import { Seldom } from '../time/seldom.js';
import { scripts } from './scripts.js';
import { type Hold, MOST_SHOWN, type WorkerRecord } from './worker.js';
import { WorkerHold } from './worker-hold.js';
import { WorkerNews } from './worker-news.js';

/** How often one that is being drained says how far it is. */
const WHILE_DRAINING_MS = 500;
const LEAVE_WITHIN_MS = 1000;
const AGAIN_AFTER_MS = 500;
const SAME_WARNING_EVERY_MS = 60_000;

/** Of beat-worker.lua. */
type BeatReply = [held: string, isNew: 0 | 1, lost: string[]] | null;

/**
 * This worker process among the others: tells Redis now and then, in one command, that it is there and what it does, and
 * does what admins want of it.
 */
@Injectable()
export class WorkerPresence {
  private readonly logger = new Logger('Workers');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);
  private readonly startedAt = Date.now();
  private readonly id: string;
  private readonly hold: WorkerHold;
  private isThere = false;
  private isIn = false;
  private isLeaving = false;
  private timer: NodeJS.Timeout | undefined;
  /** One sign of life is under way at a time. */
  private last: Promise<unknown> = Promise.resolve();
  private isNextAsked = false;

  constructor(
    private readonly config: Config,
    private readonly connections: RedisConnections,
    private readonly pool: WorkerPool,
    private readonly news: WorkerNews,
  ) {
    this.id = config.workers.id || defaultId();
    this.hold = new WorkerHold(pool, config.service.shutdownTimeoutSec * 1000);
    pool.onCalled(() => {
      this.beatSoon();
    });
  }

  /** Before the pool takes anything: one that was paused under this id is paused from the start. */
  async join(): Promise<void> {
    this.isThere = true;
    while (!(await this.beat())) {
      if (this.isLeaving) return;
      await sleep(AGAIN_AFTER_MS);
    }
    this.isIn = true;
    this.setTimer();
  }

  /** It takes no new task any more; what runs is being ended. */
  async beginLeaving(): Promise<void> {
    this.isLeaving = true;
    this.hold.stop();
    if (this.isThere) await within(LEAVE_WITHIN_MS, this.beat()).catch(() => undefined);
  }

  async leave(): Promise<void> {
    if (!this.isThere) return;
    this.isThere = false;
    clearTimeout(this.timer);
    // While Redis is away it will find out by itself.
    if (this.connections.worker.status === 'ready') {
      const gone = this.last.then(() => this.send(true));
      await within(LEAVE_WITHIN_MS, gone).catch(() => undefined);
    }
    this.news.tell('stopped', this.record(this.pool.load()));
  }

  private setTimer(): void {
    clearTimeout(this.timer);
    if (!this.isThere) return;
    const { state } = this.record(this.pool.load());
    const everyMs = state === 'draining' ? WHILE_DRAINING_MS : this.config.workers.heartbeatSec * 1000;
    this.timer = setTimeout(() => void this.beatAndGoOn(), everyMs).unref();
  }

  private async beatAndGoOn(): Promise<void> {
    await this.beat();
    this.setTimer();
  }

  /** Once for all who ask while one is under way. */
  private beatSoon(): void {
    if (this.isNextAsked) return;
    this.isNextAsked = true;
    void this.last.finally(() => {
      this.isNextAsked = false;
      void this.beatAndGoOn();
    });
  }

  /** @returns whether Redis has taken it */
  private beat(): Promise<boolean> {
    const work = this.last.then(() => this.sendAndObey());
    const beat = work.then(
      () => true,
      (error: unknown) => {
        // Later the turns of the pool tell of the same.
        if (!this.isIn) this.warnOfStore(error);
        return false;
      },
    );
    this.last = beat;
    return beat;
  }

  private async sendAndObey(): Promise<void> {
    const reply = await this.send(false);
    if (!reply) {
      this.warnOfNamesake();
      return;
    }
    const [held, isNew, lost] = reply;
    const change = this.hold.set(held === '' ? undefined : (JSON.parse(held) as Hold));
    const record = this.record(this.pool.load());
    if (isNew === 1) this.news.tell('joined', record);
    if (change) this.news.tell(change, record);
    for (const text of lost) this.news.tell('lost', JSON.parse(text) as WorkerRecord);
    // Whoever wanted it waits to see it done.
    if (change) await this.send(false);
  }

  private async send(isLast: boolean): Promise<BeatReply> {
    const load = this.pool.load();
    const running = JSON.stringify(load.running.slice(0, MOST_SHOWN));
    const timeoutMs = this.config.workers.timeoutSec * 1000;
    const args = [this.id, JSON.stringify(this.record(load)), running, timeoutMs, isLast ? 1 : ''];
    return (await scripts.beatWorker.run(this.connections.worker, PREFIX, args)) as BeatReply;
  }

  private record({ running, done, meanMs }: PoolLoad): WorkerRecord {
    const { id, startedAt, pool, config } = this;
    return {
      id,
      token: pool.token,
      host: hostname(),
      pid: process.pid,
      version: buildInfo.version,
      startedAt,
      state: this.isLeaving ? 'draining' : this.hold.state(running.length),
      concurrency: config.delivery.concurrency,
      busy: running.length,
      done,
      ...(meanMs !== undefined && { meanMs: Math.round(meanMs) }),
    };
  }

  /** What the store says by itself needs no stack. */
  private warnOfStore(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (!this.seldom.isDue(reason)) return;
    const about = isUnavailable(error) ? { reason } : { err: error };
    this.logger.warn(about, 'the store did not take this worker in; trying again until it does');
  }

  private warnOfNamesake(): void {
    if (!this.seldom.isDue()) return;
    const { id } = this;
    this.logger.warn(
      `another worker process has the id ${id}, too, and was started later: give each a WORKER_ID of its own`,
    );
  }
}

/** Other in every process that runs at the same time; in a container the same after a restart. */
function defaultId(): string {
  return `${hostname()}-${process.pid}`.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(-128);
}
