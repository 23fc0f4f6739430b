import { Injectable } from '@nestjs/common';
import { compileDestinations, type DestinationPolicy, type Destinations } from '../net/destinations.js';
import { DESTINATIONS_KEY, DESTINATIONS_VERSION_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** Clients that are remembered; beyond that, the ones that were asked for first are forgotten. */
const MOST = 10_000;

/** How late a change may be noticed. */
const LOOK_EVERY_MS = 1000;

/** What no client has. */
const NEVER_SET = '';

/**
 * Which hosts the tasks of clients may call, for the workers: looked at once a second, and then only whether anything has
 * changed. Where nobody ever set anything that is all it costs; else one look for each client and change.
 */
@Injectable()
export class DestinationRules {
  private readonly known = new Map<string, Destinations | undefined>();
  private version: string | undefined;
  private lookedAt = -Infinity;
  private look: Promise<void> | undefined;

  constructor(private readonly connections: RedisConnections) {}

  /**
   * Why a task of this client may not call a URL, in words that complete "The host ..."; nothing when it may.
   *
   * @throws Error when Redis does not answer, and it was not known before
   */
  refusal(clientId: string, url: string): string | undefined | Promise<string | undefined> {
    if (performance.now() - this.lookedAt > LOOK_EVERY_MS || this.version === undefined) {
      return this.renewed().then(() => this.judge(clientId, url));
    }
    return this.judge(clientId, url);
  }

  private judge(clientId: string, url: string): string | undefined | Promise<string | undefined> {
    if (this.version === NEVER_SET) return undefined;
    if (this.known.has(clientId)) return this.known.get(clientId)?.refusal(new URL(url));
    return this.read(clientId).then((destinations) => destinations?.refusal(new URL(url)));
  }

  /** One at a time, whoever asks. While Redis is away, what is known goes on being used. */
  private renewed(): Promise<void> {
    this.look ??= this.renew().finally(() => (this.look = undefined));
    return this.look;
  }

  private async renew(): Promise<void> {
    try {
      const version = (await this.connections.producer.get(DESTINATIONS_VERSION_KEY)) ?? NEVER_SET;
      if (version !== this.version) this.known.clear();
      this.version = version;
    } catch (error) {
      if (this.version === undefined) throw error;
    }
    this.lookedAt = performance.now();
  }

  private async read(clientId: string): Promise<Destinations | undefined> {
    const { version } = this;
    const text = await this.connections.producer.hget(DESTINATIONS_KEY, clientId);
    const destinations =
      text === null ? undefined : compileDestinations(JSON.parse(text) as DestinationPolicy);
    // Read before a change, it is of no use after it.
    if (version === this.version) this.remember(clientId, destinations);
    return destinations;
  }

  private remember(clientId: string, destinations: Destinations | undefined): void {
    const oldest = this.known.keys().next();
    if (this.known.size >= MOST && !oldest.done) this.known.delete(oldest.value);
    this.known.set(clientId, destinations);
  }
}
