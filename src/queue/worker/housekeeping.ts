import type { Redis } from 'ioredis';
import { HISTORY_KEY, PREFIX } from '../../redis/keys.js';
import { bytesAbove, readMemory } from '../../redis/memory.js';
import { LANES } from '../../task/lane.js';
import type { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';

const PRUNE_EVERY_MS = 1000;
const REPAIR_EVERY_MS = 60_000;
const PRUNE_AT_ONCE = 256;
const TELL_EVERY_MS = 60_000;
/** A task that takes its worker down this often is the cause, not the victim. */
const MOST_CRASHES = 25;

type PruneReply = [expired: number, evicted: number, left: 0 | 1];

/** The history makes room before enqueueing is refused: from one of these under that share on, down to the other. */
const EVICT_FROM_PERCENT = 5;
const EVICT_TO_PERCENT = 10;

/** What bounds the completed history. */
interface HistoryBounds {
  /** 0 = any number. */
  readonly historyMaxBytes: number;
  /** Share of the memory of Redis above which enqueueing is refused. */
  readonly memoryHighPercent: number;
}

interface HousekeepingEvents {
  /** Tasks whose worker was lost. */
  readonly onRecovered: (ids: readonly string[]) => void;
  /** At most once a minute: how many finished tasks were removed before their time. */
  readonly onEvicted: (tasks: number) => void;
}

/** What has to be done now and then by any one of the workers. */
export class Housekeeping {
  private timers: (() => void)[] = [];
  private readonly recoverEveryMs: number;
  private pruning: Promise<void> | undefined;
  private evicted = 0;

  constructor(
    private readonly redis: Redis,
    lockMs: number,
    private readonly clock: QueueClock,
    private readonly bounds: HistoryBounds = { historyMaxBytes: 0, memoryHighPercent: 100 },
  ) {
    this.recoverEveryMs = Math.round(lockMs / 6);
  }

  start({ onRecovered, onEvicted }: HousekeepingEvents): void {
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
      every(TELL_EVERY_MS, () => {
        if (this.evicted > 0) onEvicted(this.evicted);
        this.evicted = 0;
        return Promise.resolve();
      }),
    ];
  }

  stop(): void {
    for (const callOff of this.timers) callOff();
  }

  /** Gives back what dead workers held. */
  async recover(): Promise<string[]> {
    const recovered: string[] = [];
    let from = '';
    do {
      const args = [MOST_CRASHES, Math.round(this.recoverEveryMs * 0.9), from];
      const [onward, ids] = (await scripts.recover.run(this.redis, PREFIX, args)) as [string, string[]];
      recovered.push(...ids);
      from = onward;
    } while (from !== '');
    return recovered;
  }

  /** Mends the books of the gates after something was removed behind our back. @returns the gates that were wrong */
  async repair(): Promise<string[]> {
    const args = [this.clock.scriptTime(), REPAIR_EVERY_MS - 1000];
    return (await scripts.repair.run(this.redis, PREFIX, args)) as string[];
  }

  /** A turn has found that the completed history has so many bytes: too many do not wait for the timer. */
  readonly onHistory = (bytes: number): void => {
    const { historyMaxBytes: most } = this.bounds;
    if (most > 0 && bytes > most) void this.prune().catch(() => undefined);
  };

  /** Removes finished tasks whose time is up or who are too many, in small pieces, between which turns are taken. */
  prune(): Promise<void> {
    this.pruning ??= this.pruneAll().finally(() => (this.pruning = undefined));
    return this.pruning;
  }

  /** What has ended is the first to go when Redis is short of memory. */
  private async historyBound(): Promise<number> {
    const memory = await readMemory(this.redis);
    const { historyMaxBytes: most, memoryHighPercent } = this.bounds;
    if (bytesAbove(memory, memoryHighPercent - EVICT_FROM_PERCENT) === 0) return most;
    const excess = bytesAbove(memory, memoryHighPercent - EVICT_TO_PERCENT);
    const sizes = await this.redis.hmget(HISTORY_KEY, ...LANES);
    const rest = sizes.reduce((sum, bytes) => sum + Number(bytes), 0) - excess;
    return Math.max(1, Math.round(most === 0 ? rest : Math.min(most, rest)));
  }

  private async pruneAll(): Promise<void> {
    const args = [this.clock.scriptTime(), PRUNE_AT_ONCE, await this.historyBound()];
    for (let isLeft = true; isLeft;) {
      const [, evicted, left] = (await scripts.prune.run(this.redis, PREFIX, args)) as PruneReply;
      this.evicted += evicted;
      isLeft = left === 1;
    }
  }
}
