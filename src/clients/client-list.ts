import { Injectable } from '@nestjs/common';
import { whenAvailable } from '../queue/when-available.js';
import { ADMISSION_KEY, CLIENTS_KEY, TIERS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { type Client, type ClientRecord, readClient } from './client.js';

export interface ClientPage {
  readonly clients: readonly Client[];
  /** The id after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** All clients, page by page. */
@Injectable()
export class ClientList {
  constructor(private readonly connections: RedisConnections) {}

  /**
   * In the order of their ids.
   *
   * @param after the id that the page before ended with
   * @throws QueueUnavailable
   */
  page(limit: number, after?: string): Promise<ClientPage> {
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
      return [readClient(id, [stored, tiers[tier] ?? '', versionIn(admissions[at])])];
    });
  }
}

function versionIn(admission: string | null | undefined): string {
  return admission?.split(';', 1)[0] ?? '0';
}
