import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { QueueClock } from '../queue/queue-clock.js';
import { maxTaskAgeMs } from '../queue/queue-rules.js';
import { whenAvailable } from '../queue/when-available.js';
import { CLIENTS_SEEN_KEY, PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { newClient } from './client-settings.js';
import { type Client, type ClientRecord, type FoundClient, readClient } from './client.js';
import { scripts } from './scripts.js';
import { builtInText } from './tier.js';

/** A client was to get a tier that there is not. */
export class NoSuchTier extends Error {}

/** A client was to be deleted of which tasks are alive. */
export class ClientHasTasks extends Error {}

/** As many clients have registered themselves as may. */
export class TooManyClients extends Error {}

const REFUSALS: Readonly<Record<string, new () => Error>> = {
  no_tier: NoSuchTier,
  has_tasks: ClientHasTasks,
  too_many: TooManyClients,
};

/** Clients that one call looks at: some milliseconds of Redis at most. */
const FORGOTTEN_AT_ONCE = 100;

const UNAUDITED: AuditLine = () => '';

type Copies = readonly [destinations: object | undefined, signing: object | undefined];

const NO_COPIES: Copies = [undefined, undefined];

type Kept = readonly [outcome: string, version: string, tierLimits: string];

/** The clients that there are, in Redis. */
@Injectable()
export class ClientStore {
  private readonly maxAgeMs: number;
  private readonly auditEntries: number;
  private readonly maxRegistered: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.maxAgeMs = maxTaskAgeMs(config);
    this.auditEntries = config.admin.auditMaxEntries;
    this.maxRegistered = config.clients.maxRegistered;
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
   * Makes a client what `change` makes of it, or creates it, for an admin. Holds for its next request, and for tasks that are queued
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
      const record: ClientRecord = { ...change(before), registeredBy: 'admin' };
      const client = await this.keep(id, before, record, line);
      if (client) return client;
    }
  }

  /**
   * Creates a client that no admin has set, unless it is there.
   *
   * @throws TooManyClients, NoSuchTier, QueueUnavailable
   */
  async register(id: string, tier: string): Promise<Client> {
    const client = await this.keep(id, undefined, newClient(tier, this.clock.now()), UNAUDITED);
    return client ?? (await this.find(id)) ?? this.register(id, tier);
  }

  /**
   * Notes when a client was seen that has registered itself.
   *
   * @param at Unix milliseconds
   */
  async saw(id: string, at: number): Promise<void> {
    await this.connections.producer.zadd(CLIENTS_SEEN_KEY, 'XX', 'GT', at, id);
  }

  /**
   * Forgets clients that have registered themselves and have not been seen since.
   *
   * @param idleMs how long they may be idle
   * @returns how many were forgotten
   * @throws QueueUnavailable
   */
  forgetIdle(idleMs: number): Promise<number> {
    return whenAvailable(async () => {
      const args = [this.clock.scriptTime(), this.maxAgeMs, idleMs, FORGOTTEN_AT_ONCE];
      let forgotten = 0;
      for (let more = 1; more === 1;) {
        const reply = await scripts.forgetClients.run(this.connections.producer, PREFIX, args);
        const [count, isMore] = reply as [number, number];
        forgotten += count;
        more = isMore;
      }
      return forgotten;
    });
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
      const [outcome] = await this.run([id, before.stored, '', '', line(before.record, undefined)]);
      if (outcome === 'kept') return true;
    }
  }

  /** @returns the client as it is now; nothing when somebody else was quicker */
  private async keep(
    id: string,
    before: Client | undefined,
    after: ClientRecord,
    line: AuditLine,
  ): Promise<Client | undefined> {
    const stored = JSON.stringify(after);
    const args = [id, before?.stored ?? '', stored, builtInText(after.tier), line(before?.record, after)];
    const [outcome, version, tierLimits] = await this.run(args, [after.destinations, after.signingSecrets]);
    return outcome === 'kept' ? readClient(id, [stored, tierLimits, version]) : undefined;
  }

  /** @param copies of what workers look at by itself */
  private async run(args: readonly (string | number)[], copies: Copies = NO_COPIES): Promise<Kept> {
    const texts = copies.map((each) => (each ? JSON.stringify(each) : ''));
    const bounds = [this.auditEntries, this.maxRegistered];
    const all = [this.clock.scriptTime(), this.maxAgeMs, ...args, ...bounds, ...texts];
    const kept = (await whenAvailable(() =>
      this.connections.write((redis) => scripts.keepClient.run(redis, PREFIX, all)),
    )) as Kept;
    const refusal = REFUSALS[kept[0]];
    if (refusal) throw new refusal();
    return kept;
  }
}
