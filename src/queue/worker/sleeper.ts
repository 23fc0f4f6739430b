import type { Redis } from 'ioredis';
import { markerKey, signalKey } from '../../redis/keys.js';
import { LANES } from '../../task/lane.js';

/** Redis is asked again after so long whatever happens; also what bounds a lost wake-up. */
const MOST_SEC = 5;

/**
 * Waits in one blocking call for work in any lane, or for a signal to this dispatcher, on a connection of its own.
 * While the dispatcher has no free slot it waits for signals only, and leaves the work to others.
 */
export class Sleeper {
  private readonly signal: string;
  private isRunning = false;
  private listensForWork = false;
  private isStopped = false;
  private asleep: Promise<void> = Promise.resolve();

  constructor(
    private readonly blocking: Redis,
    private readonly commands: Redis,
    token: string,
  ) {
    this.signal = signalKey(token);
  }

  /**
   * Begins to wait unless it waits already.
   *
   * @param hasRoom asked before and after: whether work is welcome
   * @param wake called once when there may be something to do, and after some seconds in any case
   */
  watch(hasRoom: () => boolean, wake: () => void): void {
    if (this.isRunning && !this.listensForWork && hasRoom()) this.interrupt();
    if (this.isRunning || this.isStopped) return;
    this.isRunning = true;
    this.listensForWork = hasRoom();
    this.asleep = this.sleep(hasRoom).then(() => {
      this.isRunning = false;
      wake();
    });
  }

  /** For work that this dispatcher has no slot for. */
  wakeAnother(): void {
    void this.commands.zadd(markerKey('critical'), 0, '0').catch(() => undefined);
  }

  /** Ends the blocking call and waits until it has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.isRunning) this.interrupt();
    await this.asleep;
  }

  /** Ends the blocking call that is under way: it listens to the wrong keys now. */
  private interrupt(): void {
    this.listensForWork = true;
    void this.commands.zadd(this.signal, 0, '0').catch(() => undefined);
  }

  private async sleep(hasRoom: () => boolean): Promise<void> {
    const keys = this.listensForWork ? [this.signal, ...LANES.map(markerKey)] : [this.signal];
    try {
      const popped = await this.blocking.bzpopmin(...keys, MOST_SEC);
      const key = popped?.[0];
      // The slots filled up meanwhile: the marker is for somebody who can use it.
      if (key !== undefined && key !== this.signal && !hasRoom()) await this.commands.zadd(key, 0, '0');
    } catch {
      // Redis is away; the dispatcher's own commands wait for it.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
