import { Injectable } from '@nestjs/common';
import { compileDestinations, type DestinationPolicy, type Destinations } from '../net/destinations.js';
import { DESTINATIONS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { ClientLookup } from './client-lookup.js';

/** Which hosts the tasks of clients may call, for the workers. */
@Injectable()
export class DestinationRules {
  private readonly lookup: ClientLookup<Destinations>;

  constructor(connections: RedisConnections) {
    this.lookup = new ClientLookup(connections, DESTINATIONS_KEY, (text) =>
      compileDestinations(JSON.parse(text) as DestinationPolicy),
    );
  }

  /**
   * Why a task of this client may not call a URL, in words that complete "The host ..."; nothing when it may.
   *
   * @throws Error when Redis does not answer, and it was not known before
   */
  refusal(clientId: string, url: string): string | undefined | Promise<string | undefined> {
    const found = this.lookup.of(clientId);
    return found instanceof Promise
      ? found.then((destinations) => destinations?.refusal(new URL(url)))
      : found?.refusal(new URL(url));
  }
}
