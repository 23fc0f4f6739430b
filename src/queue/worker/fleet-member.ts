import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { scripts } from '../scripts.js';

/** Tells the others how many tasks this dispatcher can run, for as long as it is alive. */
export class FleetMember {
  private timer: NodeJS.Timeout | undefined;

  /** @param slots gives how many tasks it can run at once now */
  constructor(
    private readonly redis: Redis,
    private readonly settings: { readonly token: string; readonly lockMs: number },
    private readonly slots: () => number,
  ) {}

  start(): void {
    this.tell();
    this.timer = setInterval(() => {
      this.tell();
    }, this.settings.lockMs / 3);
    this.timer.unref();
  }

  /** Now, because their number is another one. */
  tell(): void {
    void this.say(this.slots()).catch(() => undefined);
  }

  /** It takes no more work. */
  async leave(): Promise<void> {
    clearInterval(this.timer);
    await this.say(0).catch(() => undefined);
  }

  private async say(slots: number): Promise<void> {
    const { token, lockMs } = this.settings;
    await scripts.joinFleet.run(this.redis, PREFIX, ['', token, slots, lockMs]);
  }
}
