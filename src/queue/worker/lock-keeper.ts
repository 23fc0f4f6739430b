import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { scripts } from '../scripts.js';

/** In one call, so that Redis is not held for long by a worker that runs many. */
const BATCH = 500;

/** Renews the locks of what runs, well before they end. */
export class LockKeeper {
  private timer: NodeJS.Timeout | undefined;

  /** @param members gives `<lane>:<id>` of everything that runs */
  constructor(
    private readonly redis: Redis,
    private readonly lock: { readonly token: string; readonly lockMs: number },
    private readonly members: () => readonly string[],
  ) {}

  /** @param onLost told which tasks somebody else has taken over, or may */
  start(onLost: (members: readonly string[]) => void): void {
    this.timer = setInterval(() => {
      void this.renewAll().then(onLost, () => undefined);
    }, this.lock.lockMs / 3);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async renewAll(): Promise<string[]> {
    const all = this.members();
    const lost: string[] = [];
    for (let at = 0; at < all.length; at += BATCH) {
      const batch = all.slice(at, at + BATCH);
      const args = [this.lock.token, this.lock.lockMs, ...batch];
      lost.push(...((await scripts.renewLocks.run(this.redis, PREFIX, args)) as string[]));
    }
    return lost;
  }
}
