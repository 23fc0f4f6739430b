import { Injectable } from '@nestjs/common';
import { GatedRecords } from '../queue/gates/gated-records.js';
import { GateStore } from '../queue/gates/gate-store.js';
import { encodeRules, newVersion } from '../queue/admission/admission-rules.js';
import { ADMISSION_KEY, CLIENTS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { Clock } from '../time/clock.js';
import { type Client, clientAdmission, clientGate } from './client.js';
import type { Tier } from './tier.js';

/** As it is kept: the id is the name of the record. */
interface StoredClient {
  readonly tier: Tier;
  readonly enabled: boolean;
  readonly created_at: number;
  readonly updated_at: number;
  /** Of what its requests are judged by: another one after every change. */
  readonly version: string;
}

export interface ClientPage {
  readonly clients: readonly Client[];
  /** The id after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** The clients for whom something was set. Of another client nothing is known, and nothing limits it. */
@Injectable()
export class ClientStore {
  private readonly records: GatedRecords<StoredClient>;

  constructor(
    connections: RedisConnections,
    gates: GateStore,
    private readonly clock: Clock,
  ) {
    this.records = new GatedRecords<StoredClient>(connections.producer, gates, {
      key: CLIENTS_KEY,
      gateOf: (id) => `c:${id}`,
      limitsOf: clientGate,
      extracts: [{ key: ADMISSION_KEY, of: (client) => encodeRules(clientAdmission(client)) }],
    });
  }

  /**
   * Creates or changes a client. Holds for its tasks that are queued already, too.
   *
   * @param enabled when it is left out: as it was, and a new client is
   * @throws QueueUnavailable
   */
  async set(id: string, tier: Tier, enabled?: boolean): Promise<Client> {
    const now = this.clock.now();
    const stored = await this.records.change(id, (before) => ({
      tier,
      enabled: enabled ?? before?.enabled ?? true,
      created_at: before?.created_at ?? now,
      updated_at: now,
      version: newVersion(),
    }));
    return toClient(id, stored);
  }

  /** @throws QueueUnavailable */
  async find(id: string): Promise<Client | undefined> {
    const stored = await this.records.find(id);
    return stored && toClient(id, stored);
  }

  /**
   * In the order of their ids.
   *
   * @param after the id that the page before ended with
   * @throws QueueUnavailable
   */
  async list(limit: number, after?: string): Promise<ClientPage> {
    const { records, next } = await this.records.page(limit, after);
    return {
      clients: records.map(([id, stored]) => toClient(id, stored)),
      ...(next !== undefined && { next }),
    };
  }
}

function toClient(id: string, { tier, enabled, created_at, updated_at }: StoredClient): Client {
  return { id, tier, enabled, createdAt: created_at, updatedAt: updated_at };
}
