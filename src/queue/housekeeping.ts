import type { Redis } from 'ioredis';
import { PREFIX } from '../redis/keys.js';
import type { QueueClock } from './queue-clock.js';
import { scripts } from './scripts.js';

const PRUNE_EVERY_MS = 1000;
const REPAIR_EVERY_MS = 60_000;
const PRUNE_AT_ONCE = 256;
/** A task that takes its worker down this often is the cause, not the victim. */
const MOST_CRASHES = 25;

/** What has to be done now and then by any one of the workers. */
export class Housekeeping {
  private timers: (() => void)[] = [];
  private readonly recoverEveryMs: number;

  constructor(
    private readonly redis: Redis,
    lockMs: number,
    private readonly clock: QueueClock,
  ) {
    this.recoverEveryMs = Math.round(lockMs / 6);
  }

  /** @param onRecovered told the ids of tasks whose worker was lost */
  start(onRecovered: (ids: readonly string[]) => void): void {
    const every = (ms: number, work: () => Promise<void>): (() => void) =>
      this.clock.every(ms, () => void work().catch(() => undefined));
    this.timers = [
      every(this.recoverEveryMs, async () => {
        const ids = await this.recover();
        if (ids.length > 0) onRecovered(ids);
      }),
      every(PRUNE_EVERY_MS, () => this.prune()),
      every(REPAIR_EVERY_MS, async () => {
        await this.repair();
      }),
    ];
  }

  stop(): void {
    for (const callOff of this.timers) callOff();
  }

  /** Gives back what dead workers held. */
  async recover(): Promise<string[]> {
    const recovered: string[] = [];
    let from = 0;
    while (from >= 0) {
      const args = [MOST_CRASHES, Math.round(this.recoverEveryMs * 0.9), from];
      const [onward, ids] = (await scripts.recover.run(this.redis, PREFIX, args)) as [number, string[]];
      recovered.push(...ids);
      from = onward;
    }
    return recovered;
  }

  /** Mends the books of the gates after something was removed behind our back. @returns the gates that were wrong */
  async repair(): Promise<string[]> {
    const args = [this.clock.scriptTime(), REPAIR_EVERY_MS - 1000];
    return (await scripts.repair.run(this.redis, PREFIX, args)) as string[];
  }

  /** Removes finished tasks whose time is up, in small pieces. */
  async prune(): Promise<void> {
    let removed = PRUNE_AT_ONCE;
    while (removed === PRUNE_AT_ONCE) {
      removed = (await scripts.prune.run(this.redis, PREFIX, [
        this.clock.scriptTime(),
        PRUNE_AT_ONCE,
      ])) as number;
    }
  }
}
