import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import type { RunningTask } from '../queue/worker-pool.js';
import { whenAvailable } from '../queue/when-available.js';
import { PREFIX, WORKERS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { scripts } from './scripts.js';
import { doesAsWanted, type Hold, type Worker, type WorkerRecord } from './worker.js';

const LOOK_EVERY_MS = 25;
/** A worker that hears a call answers within milliseconds, but for one whose turn is under way. */
const ANSWERS_WITHIN_MS = 500;
const OBEYS_WITHIN_MS = 2000;

/** What hold-worker.lua returns instead of a time. */
const GONE = 0;
const UNKNOWN = -1;
const CHANGED = -2;

export interface WorkerPage {
  readonly workers: readonly Worker[];
  /** The id after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** The worker processes there are, and were in the last hour, and what admins want of them. */
@Injectable()
export class WorkerRegistry {
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
  ) {
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * In the order of their ids, as they described themselves last.
   *
   * @param after the id that the page before ended with
   * @throws QueueUnavailable
   */
  lastKnown(limit: number, after?: string): Promise<WorkerPage> {
    return whenAvailable(async () => {
      const from = after === undefined ? '-' : `(${after}`;
      const names = `${WORKERS_KEY}:names`;
      const ids = await this.redis.zrange(names, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1);
      const workers = await this.read(ids.slice(0, limit));
      const last = ids[limit - 1];
      return { workers, ...(ids.length > limit && last !== undefined && { next: last }) };
    });
  }

  /**
   * The same, as they are now: each is asked, and as long as all answer within half a second that is what they do now.
   *
   * @throws QueueUnavailable
   */
  async page(limit: number, after?: string): Promise<WorkerPage> {
    const page = await this.lastKnown(limit, after);
    const ids = page.workers.map(({ id }) => id);
    return { ...page, workers: await whenAvailable(() => this.ask(ids)) };
  }

  /**
   * A worker as it is now: it is asked, and as long as it answers within half a second that is what it does now.
   *
   * @throws QueueUnavailable
   */
  find(id: string): Promise<Worker | undefined> {
    return whenAvailable(async () => (await this.ask([id]))[0]);
  }

  private async ask(ids: readonly string[]): Promise<Worker[]> {
    const ask = (id: string) => scripts.callWorker.run(this.redis, PREFIX, [id]) as Promise<number>;
    const asked = new Map(await Promise.all(ids.map(async (id) => [id, await ask(id)] as const)));
    return this.until(ids, ANSWERS_WITHIN_MS, ({ id, seenAt }) => {
      const askedAt = asked.get(id) ?? -1;
      return askedAt < 0 || seenAt >= askedAt;
    });
  }

  /**
   * Says whether a worker may work; holds also for one that is started later with this id.
   *
   * @param wanted how it is not to work; nothing: it may
   * @param line for the audit log
   * @returns the worker, as soon as it does what is wanted, or as it is after two seconds; nothing when there is none
   * @throws QueueUnavailable
   */
  hold(id: string, wanted: Hold | undefined, line: AuditLine): Promise<Worker | undefined> {
    return whenAvailable(async () => {
      for (;;) {
        const saidAt = await this.say(id, wanted, line);
        if (saidAt === UNKNOWN) return undefined;
        if (saidAt !== CHANGED) return this.untilObeyed(id, saidAt);
      }
    });
  }

  /** What is wanted already is said again, so that the worker is asked how far it is, and leaves no line behind. */
  private async say(id: string, wanted: Hold | undefined, line: AuditLine): Promise<number> {
    const [worker] = await this.read([id]);
    if (!worker) return UNKNOWN;
    const { held, heldText } = worker;
    const [after, audited] =
      held?.as === wanted?.as
        ? [heldText, '']
        : [wanted ? JSON.stringify(wanted) : '', line({ held: held ?? null }, { held: wanted ?? null })];
    const args = [id, heldText, after, audited, this.auditEntries];
    return (await this.connections.write((redis) => scripts.holdWorker.run(redis, PREFIX, args))) as number;
  }

  private async untilObeyed(id: string, saidAt: number): Promise<Worker | undefined> {
    const isDone = (worker: Worker): boolean =>
      saidAt === GONE || worker.state === 'gone' || (worker.seenAt >= saidAt && doesAsWanted(worker));
    return (await this.until([id], OBEYS_WITHIN_MS, isDone))[0];
  }

  private async until(
    ids: readonly string[],
    withinMs: number,
    isDone: (worker: Worker) => boolean,
  ): Promise<Worker[]> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const workers = await this.read(ids);
      if (workers.every(isDone) || performance.now() > deadline) return workers;
      await sleep(LOOK_EVERY_MS);
    }
  }

  private get redis(): RedisConnections['producer'] {
    return this.connections.producer;
  }

  private async read(ids: readonly string[]): Promise<Worker[]> {
    if (ids.length === 0) return [];
    const { redis } = this;
    const [records, running, held, seen] = await Promise.all([
      redis.hmget(WORKERS_KEY, ...ids),
      redis.hmget(`${WORKERS_KEY}:running`, ...ids),
      redis.hmget(`${WORKERS_KEY}:held`, ...ids),
      redis.zmscore(`${WORKERS_KEY}:seen`, ...ids),
    ]);
    return records.flatMap((record, at) =>
      record === null ? [] : [worker(record, { running: running[at], held: held[at], seen: seen[at] })],
    );
  }
}

type Text = string | null | undefined;

function worker(text: string, { running, held, seen }: Record<'running' | 'held' | 'seen', Text>): Worker {
  const record = JSON.parse(text) as WorkerRecord;
  return {
    ...record,
    seenAt: record.gone?.seenAt ?? Number(seen),
    ...(held && { held: JSON.parse(held) as Hold }),
    heldText: held ?? '',
    running: JSON.parse(running ?? '[]') as RunningTask[],
  };
}
