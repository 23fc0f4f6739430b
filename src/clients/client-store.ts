import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { QueueClock } from '../queue/queue-clock.js';
import { maxTaskAgeMs } from '../queue/queue-rules.js';
import { whenAvailable } from '../queue/when-available.js';
import { ADMISSION_KEY, CLIENTS_KEY, PREFIX, TIERS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { type Client, type ClientRecord, type FoundClient, readClient } from './client.js';
import { scripts } from './scripts.js';
import { builtInText } from './tier.js';

export interface ClientPage {
  readonly clients: readonly Client[];
  /** The id after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** A client was to get a tier that there is not. */
export class NoSuchTier extends Error {}

/** A client was to be deleted of which tasks are alive. */
export class ClientHasTasks extends Error {}

const REFUSALS: Readonly<Record<string, new () => Error>> = {
  no_tier: NoSuchTier,
  has_tasks: ClientHasTasks,
};

type Kept = readonly [outcome: string, version: string, tierLimits: string];

/** The clients that there are, in Redis. */
@Injectable()
export class ClientStore {
  private readonly maxAgeMs: number;
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.maxAgeMs = maxTaskAgeMs(config);
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /** @throws QueueUnavailable */
  find(id: string): Promise<Client | undefined> {
    return whenAvailable(async () => {
      const found = (await scripts.findClient.run(this.connections.producer, PREFIX, [
        id,
      ])) as FoundClient | null;
      return found ? readClient(id, found) : undefined;
    });
  }

  /**
   * In the order of their ids.
   *
   * @param after the id that the page before ended with
   * @throws QueueUnavailable
   */
  list(limit: number, after?: string): Promise<ClientPage> {
    return whenAvailable(async () => {
      const redis = this.connections.producer;
      const from = after === undefined ? '-' : `(${after}`;
      const ids = await redis.zrange(`${CLIENTS_KEY}:names`, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1);
      const shown = ids.slice(0, limit);
      const last = shown.at(-1);
      return {
        clients: await this.read(shown),
        ...(ids.length > limit && last !== undefined && { next: last }),
      };
    });
  }

  /**
   * Makes a client what `change` makes of it, or creates it. Holds for its next request, and for tasks that are queued
   * already, too. Changes at the same time follow each other; none is lost.
   *
   * @param change is asked again when somebody else was quicker; what it throws is thrown, and nothing is changed
   * @throws NoSuchTier, QueueUnavailable
   */
  async change(
    id: string,
    change: (current: Client | undefined) => ClientRecord,
    line: AuditLine,
  ): Promise<Client> {
    for (;;) {
      const before = await this.find(id);
      const kept = await this.keep(id, before, change(before), line);
      if (kept) return readClient(id, kept);
    }
  }

  /**
   * Deletes a client of which no task is alive: what holds its tasks would go with it.
   *
   * @param check is asked about it; what it throws is thrown, and nothing is deleted
   * @returns whether there was one
   * @throws ClientHasTasks, QueueUnavailable
   */
  async remove(id: string, check: (current: Client) => void, line: AuditLine): Promise<boolean> {
    for (;;) {
      const before = await this.find(id);
      if (!before) return false;
      check(before);
      if (await this.keep(id, before, undefined, line)) return true;
    }
  }

  /** @returns what is kept now; nothing when somebody else was quicker */
  private async keep(
    id: string,
    before: Client | undefined,
    after: ClientRecord | undefined,
    line: AuditLine,
  ): Promise<FoundClient | undefined> {
    const stored = after ? JSON.stringify(after) : '';
    const audited = line(before?.record, after);
    const tier = after ? builtInText(after.tier) : '';
    const args = [id, before?.stored ?? '', stored, tier, audited, this.auditEntries];
    const [outcome, version, tierLimits] = await this.run(args);
    const refusal = REFUSALS[outcome];
    if (refusal) throw new refusal();
    return outcome === 'kept' ? [stored, tierLimits, version] : undefined;
  }

  private run(args: readonly (string | number)[]): Promise<Kept> {
    const all = [this.clock.scriptTime(), this.maxAgeMs, ...args];
    return whenAvailable(
      () => this.connections.write((redis) => scripts.keepClient.run(redis, PREFIX, all)) as Promise<Kept>,
    );
  }

  private async read(ids: readonly string[]): Promise<Client[]> {
    if (ids.length === 0) return [];
    const redis = this.connections.producer;
    const [records, admissions, tiers] = await Promise.all([
      redis.hmget(CLIENTS_KEY, ...ids),
      redis.hmget(ADMISSION_KEY, ...ids),
      redis.hgetall(TIERS_KEY),
    ]);
    return ids.flatMap((id, at) => {
      const stored = records[at];
      if (typeof stored !== 'string') return [];
      const { tier } = JSON.parse(stored) as ClientRecord;
      return [readClient(id, [stored, tiers[tier] ?? '', (admissions[at] ?? '0').split(';', 1)[0] ?? ''])];
    });
  }
}
