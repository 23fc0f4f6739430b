import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { type CallOff, QueueClock } from '../queue/queue-clock.js';
import { DAY_MS } from '../time/day.js';
import { ClientStore } from './client-store.js';
import { requiresKey } from './requires-key.js';
import { FREE, NO_TIER } from './tier.js';
import { TierStore } from './tier-store.js';

const APPLY_EVERY_MS = 5000;
const FORGET_EVERY_MS = 600_000;

/** What has to be done about clients now and then, by any one of the processes. */
@Injectable()
export class ClientUpkeep implements OnModuleDestroy {
  private readonly logger = new Logger('Clients');
  private readonly idleMs: number;
  private readonly unknownTier: string;
  private timers: CallOff[] = [];

  constructor(
    config: Config,
    private readonly clients: ClientStore,
    private readonly tiers: TierStore,
    private readonly clock: QueueClock,
  ) {
    this.unknownTier = requiresKey(config) ? NO_TIER : config.clients.unknownTier;
    this.idleMs = Math.round(config.clients.idleDays * DAY_MS);
  }

  start(): void {
    const every = (ms: number, work: () => Promise<void>): CallOff =>
      this.clock.every(ms, () => void work().catch(() => undefined));
    this.timers = [
      every(APPLY_EVERY_MS, () => this.tiers.applyPending()),
      every(FORGET_EVERY_MS, async () => {
        const forgotten = await this.clients.forgetIdle(this.idleMs);
        if (forgotten > 0) this.logger.log({ clients: forgotten }, 'forgot clients that were idle');
      }),
    ];
    this.checkUnknownTier().catch(() => undefined);
  }

  /** Said before the first client comes that is to get it. Somebody may create it yet, so that it is no fault. */
  private async checkUnknownTier(): Promise<void> {
    if (this.unknownTier === NO_TIER || (await this.tiers.find(this.unknownTier))) return;
    this.logger.warn(
      `UNKNOWN_CLIENT_TIER: there is no tier ${this.unknownTier}; until PUT /admin/tiers/${this.unknownTier} creates it, new clients get ${FREE}`,
    );
  }

  onModuleDestroy(): void {
    for (const callOff of this.timers) callOff();
  }
}
