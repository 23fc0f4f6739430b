import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { EVENTS_WANTED_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** Each process asks so often whether events are wanted: one command a second is what they cost when they are not. */
const ASK_EVERY_MS = 1000;
/** By then every process has asked. */
const ALL_KNOW_AFTER_MS = 1200;
/** For so long events are noted when the last listener has gone: it may come back. */
const WANTED_FOR_MS = 300_000;
const RENEW_EVERY_MS = 60_000;

/** Whether anybody in the fleet wants events: nothing is put together and sent while nobody does. */
@Injectable()
export class EventDemand implements OnModuleDestroy {
  private isThere = false;
  private timer: NodeJS.Timeout | undefined;
  private renewal: NodeJS.Timeout | undefined;

  constructor(private readonly connections: RedisConnections) {}

  get isWanted(): boolean {
    return this.isThere;
  }

  /** Resolves when it is known whether they are wanted, or Redis did not say. */
  async start(): Promise<void> {
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.ask(), ASK_EVERY_MS).unref();
    await this.ask();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.release();
  }

  /**
   * Says that somebody listens, until `release`. Resolves when every process knows.
   *
   * @param onNew awaited when nobody has listened before
   */
  async raise(onNew: () => Promise<void>): Promise<void> {
    const set = await this.connections.producer.set(EVENTS_WANTED_KEY, 1, 'PX', WANTED_FOR_MS, 'NX');
    this.isThere = true;
    clearInterval(this.renewal);
    this.renewal = setInterval(() => void this.renew().catch(() => undefined), RENEW_EVERY_MS).unref();
    if (set === null) {
      await this.renew();
      return;
    }
    await onNew();
    await sleep(ALL_KNOW_AFTER_MS);
  }

  /** Nobody listens here any more. */
  release(): void {
    clearInterval(this.renewal);
  }

  private async renew(): Promise<void> {
    await this.connections.producer.set(EVENTS_WANTED_KEY, 1, 'PX', WANTED_FOR_MS);
  }

  private async ask(): Promise<void> {
    try {
      this.isThere = (await this.connections.producer.exists(EVENTS_WANTED_KEY)) === 1;
    } catch {
      // Redis is away; it is as it was.
    }
  }
}
