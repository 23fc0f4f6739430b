import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { QueueClock } from '../queue/queue-clock.js';
import { whenAvailable } from '../queue/when-available.js';
import { PREFIX, tierClientsKey, TIERS_KEY, TIERS_PENDING_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { scripts } from './scripts.js';
import {
  BUILT_IN_TIERS,
  builtInLimits,
  builtInText,
  type Limits,
  type Tier,
  type TierRecord,
} from './tier.js';

/** Tiers for which something is set, at most. */
const MOST_TIERS = 100;

/** Clients that one call gives the limits of their tier: about a millisecond of Redis. */
const CLIENTS_AT_ONCE = 100;

/** Clients have the tier that was to be deleted. */
export class TierInUse extends Error {}

export class TooManyTiers extends Error {}

/** The tiers that there are: those that are built in, and what was set in Redis. */
@Injectable()
export class TierStore {
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * Those that are built in, smallest first, then the others by name.
   *
   * @throws QueueUnavailable
   */
  async all(): Promise<readonly Tier[]> {
    const names = await whenAvailable(() => this.connections.producer.hkeys(TIERS_KEY));
    const others = names.filter((name) => !builtInLimits(name)).toSorted();
    const tiers = await Promise.all([...BUILT_IN_TIERS, ...others].map((name) => this.find(name)));
    return tiers.filter((tier) => tier !== undefined);
  }

  /** @throws QueueUnavailable */
  find(name: string): Promise<Tier | undefined> {
    return whenAvailable(async () => {
      const redis = this.connections.producer;
      const [stored, clients, isPending] = await Promise.all([
        redis.hget(TIERS_KEY, name),
        redis.zcard(tierClientsKey(name)),
        redis.hexists(TIERS_PENDING_KEY, name),
      ]);
      const asSet = readTier(name, stored ?? '');
      return asSet && { ...asSet, clients, isApplied: isPending === 0 };
    });
  }

  /**
   * Sets the limits of a tier, creates or deletes it. When this resolves, they hold for all its clients, and for their
   * tasks that are queued already, too. Should this process die before, another one goes on with {@link applyPending}.
   *
   * @param change the limits from now on; nothing = as it comes, and one that is not built in is deleted. What it throws
   *   is thrown, and nothing is changed
   * @returns the tier, unless it was deleted
   * @throws TierInUse, TooManyTiers, QueueUnavailable
   */
  async change(
    name: string,
    change: (current: Tier | undefined) => Limits | undefined,
    line: AuditLine,
  ): Promise<Tier | undefined> {
    let isKept = false;
    while (!isKept) {
      const before = await this.find(name);
      const limits = change(before);
      isKept = await this.keep(name, before, limits && { ...limits, updatedAt: this.clock.now() }, line);
    }
    await this.apply(name);
    return this.find(name);
  }

  /**
   * Goes on where the process that changed a tier has stopped.
   *
   * @throws QueueUnavailable
   */
  async applyPending(): Promise<void> {
    const names = await whenAvailable(() => this.connections.producer.hkeys(TIERS_PENDING_KEY));
    for (const name of names) await this.apply(name);
  }

  /** In pieces, each of them one step: no client is left out, whoever changes it meanwhile. */
  private apply(name: string): Promise<void> {
    return whenAvailable(() =>
      this.connections.write(async (redis) => {
        const args = [this.clock.scriptTime(), name, builtInText(name), CLIENTS_AT_ONCE];
        while ((await scripts.applyTier.run(redis, PREFIX, args)) === 1);
      }),
    );
  }

  /** @returns whether it was done; not, when somebody else was quicker */
  private async keep(
    name: string,
    before: Tier | undefined,
    after: TierRecord | undefined,
    line: AuditLine,
  ): Promise<boolean> {
    const stored = after ? JSON.stringify(after) : '';
    const builtIn = builtInLimits(name);
    const args = [name, before?.stored ?? '', stored, Number(builtIn !== undefined), MOST_TIERS];
    const audited = line(before?.limits, after ?? builtIn);
    const kept = await whenAvailable(() =>
      this.connections.write((redis) =>
        scripts.keepTier.run(redis, PREFIX, [...args, audited, this.auditEntries]),
      ),
    );
    if (kept === 'in_use') throw new TierInUse();
    if (kept === 'too_many') throw new TooManyTiers();
    return kept === 'kept';
  }
}

function readTier(name: string, stored: string): Omit<Tier, 'clients' | 'isApplied'> | undefined {
  const builtIn = builtInLimits(name);
  if (stored === '') return builtIn && { name, limits: builtIn, isBuiltIn: true, stored };
  const { updatedAt, ...limits } = JSON.parse(stored) as TierRecord;
  return { name, limits, updatedAt, stored, isBuiltIn: builtIn !== undefined };
}
