import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { type HostChanges, parseChanges } from '../gates/host-changes.js';
import type { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';

const EVERY_MS = 1000;
const AT_ONCE = 100;
const WARN_EVERY_MS = 60_000;
const MOST_HOSTS =
  'as many hosts are remembered as may be: what fails at further ones is not counted, and their circuits do not open';
const MOST_HELD =
  'as many clients are held for a host as may be: Retry-After of further ones concerns their task alone, and one that fails alone opens the circuit for all';

type SweepReply = [more: number, changes: string[], hostsAreFull: number, holdsAreFull: number];

/** Forgets hosts that there is nothing against any more, in small pieces, between which turns are taken. */
export class CircuitSweep {
  private callOff: () => void = () => undefined;
  private readonly logger = new Logger('Circuits');
  private sweeping: Promise<void> | undefined;
  /** By what is told: not before then. */
  private readonly nextWarning = new Map<string, number>();

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

  /** One at a time: while Redis is away they would pile up. */
  sweep(): Promise<void> {
    this.sweeping ??= this.sweepAll().finally(() => (this.sweeping = undefined));
    return this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    const args = [this.clock.scriptTime(), this.breaker, AT_ONCE];
    for (let isLeft = true; isLeft;) {
      const reply = (await scripts.sweepCircuits.run(this.redis, PREFIX, args)) as SweepReply;
      const [more, changes, hostsAreFull, holdsAreFull] = reply;
      this.hostChanges.tell(parseChanges(changes));
      isLeft = more === 1;
      if (!isLeft && hostsAreFull === 1) this.warn(MOST_HOSTS);
      if (!isLeft && holdsAreFull === 1) this.warn(MOST_HELD);
    }
  }

  /** Without this nobody would see that circuits do not open any more. */
  private warn(message: string): void {
    if (this.clock.now() < (this.nextWarning.get(message) ?? 0)) return;
    this.nextWarning.set(message, this.clock.now() + WARN_EVERY_MS);
    this.logger.warn(message);
  }
}
