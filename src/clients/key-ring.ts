import { Injectable } from '@nestjs/common';
import { whenAvailable } from '../queue/when-available.js';
import { API_KEYS_KEY, API_KEYS_USED_KEY, PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { Clock } from '../time/clock.js';
import { scripts } from './scripts.js';

/** Keys that are remembered; beyond that, the ones that were used first are forgotten. */
const MOST = 10_000;

/** How long it is remembered that nobody has a key. A new key is never one of these. */
const WRONG_FOR_MS = 60_000;

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
  /** Until when, Unix milliseconds. */
  private readonly wrong = new Map<string, number>();

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
    if (clientId === null) {
      remember(this.wrong, hash, this.clock.now() + WRONG_FOR_MS);
      return undefined;
    }
    remember(this.known, hash, { clientId, toldAt: -Infinity });
    return clientId;
  }

  /** Whether the store said a moment ago that nobody has this key. */
  wasWrong(hash: string): boolean {
    return (this.wrong.get(hash) ?? 0) > this.clock.now();
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

function remember<T>(all: Map<string, T>, hash: string, what: T): void {
  const oldest = all.keys().next();
  if (all.size >= MOST && !oldest.done) all.delete(oldest.value);
  all.set(hash, what);
}
