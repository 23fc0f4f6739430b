import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { type CallOff, QueueClock } from '../queue/queue-clock.js';
import { DAY_MS } from '../time/day.js';
import { ClientStore } from './client-store.js';
import { TierStore } from './tier-store.js';

const APPLY_EVERY_MS = 5000;
const FORGET_EVERY_MS = 600_000;

/** What has to be done about clients now and then, by any one of the processes. */
@Injectable()
export class ClientUpkeep implements OnModuleDestroy {
  private readonly logger = new Logger('Clients');
  private readonly idleMs: number;
  private timers: CallOff[] = [];

  constructor(
    config: Config,
    private readonly clients: ClientStore,
    private readonly tiers: TierStore,
    private readonly clock: QueueClock,
  ) {
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
  }

  onModuleDestroy(): void {
    for (const callOff of this.timers) callOff();
  }
}
