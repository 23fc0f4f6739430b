import { Injectable } from '@nestjs/common';
import { whenAvailable } from '../queue/when-available.js';
import { API_KEYS_KEY, API_KEYS_USED_KEY, PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { Clock } from '../time/clock.js';
import { scripts } from './scripts.js';

/** Keys that are remembered; beyond that, the ones that were used first are forgotten. */
const MOST = 10_000;

/** How exactly it is known when a key was last used. */
const TELL_EVERY_MS = 3_600_000;

interface Known {
  readonly clientId: string;
  /** When the store was last told of its use, Unix milliseconds. */
  toldAt: number;
}

/** Which client an API key belongs to. What it knows may be old: whether the client still has the key, its record says. */
@Injectable()
export class KeyRing {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly clock: Clock,
  ) {}

  /** What this process knows of a key that was used before. */
  clientOf(hash: string): string | undefined {
    return this.known.get(hash)?.clientId;
  }

  /**
   * The client that has a key with this hash; nothing when there is none.
   *
   * @throws QueueUnavailable
   */
  async find(hash: string): Promise<string | undefined> {
    const clientId = await whenAvailable(() => this.connections.producer.hget(API_KEYS_KEY, hash));
    if (clientId === null) return undefined;
    const oldest = this.known.keys().next();
    if (this.known.size >= MOST && !oldest.done) this.known.delete(oldest.value);
    this.known.set(hash, { clientId, toldAt: -Infinity });
    return clientId;
  }

  forget(hash: string): void {
    this.known.delete(hash);
  }

  /** Notes, once an hour and without anybody waiting for it, that a key was used. */
  used(hash: string): void {
    const known = this.known.get(hash);
    const now = this.clock.now();
    if (!known || now - known.toldAt < TELL_EVERY_MS) return;
    known.toldAt = now;
    scripts.noteKeyUse.run(this.connections.producer, PREFIX, [hash, now]).catch(() => undefined);
  }

  /**
   * When keys were last used, about, Unix milliseconds; nothing of one that was not.
   *
   * @throws QueueUnavailable
   */
  async lastUse(hashes: readonly string[]): Promise<readonly (number | undefined)[]> {
    if (hashes.length === 0) return [];
    const times = await whenAvailable(() => this.connections.producer.hmget(API_KEYS_USED_KEY, ...hashes));
    return times.map((time) => (time === null ? undefined : Number(time)));
  }
}
