import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../time/clock.js';
import type { Client } from './client.js';
import { ClientStore, NoSuchTier } from './client-store.js';
import { requiresKey } from './requires-key.js';
import { ANONYMOUS } from '../task/task-id.js';
import { FREE, type Limits, NO_TIER } from './tier.js';
import { TierStore } from './tier-store.js';

/** Clients that are remembered; beyond that, the ones that were asked for first are forgotten. */
const MOST = 10_000;

/** How exactly the store knows when a client was seen last. */
const TELL_EVERY_MS = 3_600_000;

interface Known {
  readonly client: Promise<Client | undefined>;
  /** When the store was last told that the client has enqueued, Unix milliseconds. */
  toldAt: number;
}

/**
 * The clients as this process knows them. They may be old: the store says so (`stale`) before anything is stored by
 * them, and then they are to be forgotten and asked for again.
 */
@Injectable()
export class ClientDirectory {
  private readonly logger = new Logger('Clients');
  private readonly known = new Map<string, Known>();
  /** What a client gets that nobody knows; nothing when such clients stay unknown. */
  private readonly tierOfUnknown: string | undefined;

  constructor(
    config: Config,
    private readonly store: ClientStore,
    private readonly tiers: TierStore,
    private readonly clock: Clock,
  ) {
    const { unknownTier } = config.clients;
    this.tierOfUnknown = requiresKey(config) || unknownTier === NO_TIER ? undefined : unknownTier;
  }

  /** @throws QueueUnavailable */
  of(id: string): Promise<Client | undefined> {
    const known = this.known.get(id) ?? this.remember(id, this.store.find(id));
    return known.client;
  }

  forget(id: string): void {
    this.known.delete(id);
  }

  /**
   * As the store has it now.
   *
   * @throws QueueUnavailable
   */
  fresh(id: string): Promise<Client | undefined> {
    return this.remember(id, this.store.find(id)).client;
  }

  /**
   * The client of a request that enqueues: in open mode one that nobody knows is registered.
   *
   * @returns nothing of one that stays unknown
   * @throws TooManyClients, QueueUnavailable
   */
  async enrolled(id: string): Promise<Client | undefined> {
    const known = this.known.get(id) ?? this.remember(id, this.store.find(id));
    const client = await known.client;
    if (client) {
      if (client.record.registeredBy === 'itself') this.tell(id, known);
      return client;
    }
    const tier = this.tierOf(id);
    if (tier === undefined) return undefined;
    // Of many requests at once, the first one registers it.
    if (this.known.get(id) === known) this.remember(id, this.register(id, tier));
    return this.of(id);
  }

  /**
   * The limits of a client; of one that nobody knows, those that it would get if it were registered.
   *
   * @throws QueueUnavailable
   */
  async limitsOf(id: string): Promise<Limits> {
    const client = await this.of(id);
    if (client) return client.limits;
    const name = this.tierOf(id);
    if (name === undefined) return {};
    const tier = (await this.tiers.find(name)) ?? (await this.tiers.find(FREE));
    return tier?.limits ?? {};
  }

  /** With which a client is registered that nobody knows; nothing of one that stays unknown. */
  private tierOf(id: string): string | undefined {
    return id === ANONYMOUS ? undefined : this.tierOfUnknown;
  }

  private remember(id: string, client: Promise<Client | undefined>): Known {
    const oldest = this.known.keys().next();
    if (this.known.size >= MOST && !oldest.done) this.known.delete(oldest.value);
    const known = { client, toldAt: this.clock.now() };
    this.known.set(id, known);
    client.catch(() => {
      if (this.known.get(id) === known) this.known.delete(id);
    });
    return known;
  }

  private async register(id: string, tier: string): Promise<Client> {
    try {
      return await this.store.register(id, tier);
    } catch (error) {
      if (!(error instanceof NoSuchTier) || tier === FREE) throw error;
      this.logger.warn(`UNKNOWN_CLIENT_TIER: there is no tier ${tier}; ${id} gets ${FREE}`);
      return this.store.register(id, FREE);
    }
  }

  /** Not waited for: a client whose time is up comes back with its next request. */
  private tell(id: string, known: Known): void {
    const now = this.clock.now();
    if (now - known.toldAt < TELL_EVERY_MS) return;
    known.toldAt = now;
    this.store.saw(id, now).catch(() => undefined);
  }
}
