import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { type HostChanges, parseChanges } from '../gates/host-changes.js';
import type { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';

const EVERY_MS = 1000;
const AT_ONCE = 100;
const WARN_EVERY_MS = 60_000;

/** Forgets hosts that there is nothing against any more, in small pieces, between which turns are taken. */
export class CircuitSweep {
  private callOff: () => void = () => undefined;
  private readonly logger = new Logger('Circuits');
  private nextWarning = 0;

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
      const reply = (await scripts.sweepCircuits.run(this.redis, PREFIX, args)) as [number, string[], number];
      const [more, changes, isFull] = reply;
      this.hostChanges.tell(parseChanges(changes));
      isLeft = more === 1;
      if (!isLeft && isFull === 1) this.warn();
    }
  }

  /** Without this nobody would see that circuits do not open any more. */
  private warn(): void {
    if (this.clock.now() < this.nextWarning) return;
    this.nextWarning = this.clock.now() + WARN_EVERY_MS;
    this.logger.warn(
      'as many hosts are remembered as may be: what fails at further ones is not counted, and their circuits do not open',
    );
  }
}
