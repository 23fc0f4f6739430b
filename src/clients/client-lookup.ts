import type { RedisConnections } from '../redis/redis-connections.js';

/** Clients that are remembered; beyond that, the ones that were asked for first are forgotten. */
const MOST = 10_000;

/** How late a change may be noticed. */
const LOOK_EVERY_MS = 1000;

/** What no client has. */
const NEVER_SET = '';

/**
 * What workers have to know of clients: a hash by the ids of those that have it, and another text beside it after every
 * change of any. Looked at once a second, and then only whether anything has changed. Where nobody ever set anything that is
 * all it costs; else one look for each client and change.
 */
export class ClientLookup<T> {
  private readonly known = new Map<string, T | undefined>();
  private version: string | undefined;
  private lookedAt = -Infinity;
  private look: Promise<void> | undefined;

  /**
   * @param key of the hash; `<key>:version` has the other text
   * @param parse makes out of what is stored of a client what is remembered of it
   */
  constructor(
    private readonly connections: RedisConnections,
    private readonly key: string,
    private readonly parse: (text: string, clientId: string) => T,
  ) {}

  /**
   * What is set for a client; nothing where nothing is.
   *
   * @throws Error when Redis does not answer, and it was not known before
   */
  of(clientId: string): T | undefined | Promise<T | undefined> {
    if (performance.now() - this.lookedAt > LOOK_EVERY_MS || this.version === undefined) {
      return this.renewed().then(() => this.asKnown(clientId));
    }
    return this.asKnown(clientId);
  }

  private asKnown(clientId: string): T | undefined | Promise<T | undefined> {
    if (this.version === NEVER_SET) return undefined;
    return this.known.has(clientId) ? this.known.get(clientId) : this.read(clientId);
  }

  /** One at a time, whoever asks. While Redis is away, what is known goes on being used. */
  private renewed(): Promise<void> {
    this.look ??= this.renew().finally(() => (this.look = undefined));
    return this.look;
  }

  private async renew(): Promise<void> {
    try {
      const version = (await this.connections.producer.get(`${this.key}:version`)) ?? NEVER_SET;
      if (version !== this.version) this.known.clear();
      this.version = version;
    } catch (error) {
      if (this.version === undefined) throw error;
    }
    this.lookedAt = performance.now();
  }

  private async read(clientId: string): Promise<T | undefined> {
    const { version } = this;
    const text = await this.connections.producer.hget(this.key, clientId);
    const found = text === null ? undefined : this.parse(text, clientId);
    // Read before a change, it is of no use after it.
    if (version === this.version) this.remember(clientId, found);
    return found;
  }

  private remember(clientId: string, found: T | undefined): void {
    const oldest = this.known.keys().next();
    if (this.known.size >= MOST && !oldest.done) this.known.delete(oldest.value);
    this.known.set(clientId, found);
  }
}
