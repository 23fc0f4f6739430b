import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { type HostChanges, parseChanges } from '../gates/host-changes.js';
import type { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';

const EVERY_MS = 1000;
const AT_ONCE = 100;

/** Forgets hosts that there is nothing against any more, in small pieces, between which turns are taken. */
export class CircuitSweep {
  private callOff: () => void = () => undefined;

  constructor(
    private readonly redis: Redis,
    private readonly clock: QueueClock,
    private readonly breaker: string,
    private readonly hostChanges: HostChanges,
  ) {}

  start(): void {
    this.callOff = this.clock.every(EVERY_MS, () => void this.sweep().catch(() => undefined));
  }

  stop(): void {
    this.callOff();
  }

  async sweep(): Promise<void> {
    const args = [this.clock.scriptTime(), this.breaker, AT_ONCE];
    for (let isLeft = true; isLeft;) {
      const reply = (await scripts.sweepCircuits.run(this.redis, PREFIX, args)) as [number, string[]];
      this.hostChanges.tell(parseChanges(reply[1]));
      isLeft = reply[0] === 1;
    }
  }
}
