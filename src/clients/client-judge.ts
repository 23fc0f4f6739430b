import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Principal } from '../http/principal.js';
import { type FieldError, invalidRequest, type ProblemError } from '../http/problem.js';
import { compileDestinations, type Destinations } from '../net/destinations.js';
import { Clock } from '../time/clock.js';
import { type Client, keyOf } from './client.js';
import { ClientDirectory } from './client-directory.js';
import { tooManyClients, unknownClient, wrongApiKey } from './client-problems.js';
import { TooManyClients } from './client-store.js';
import { KeyRing } from './key-ring.js';
import { requiresKey } from './requires-key.js';
import type { Limits } from './tier.js';

/** Who wants to have a task stored, and for whom. */
export interface Enqueueing {
  readonly clientId: string;
  readonly principal: Principal;
  /** What the task is to call, as it is written, each by the pointer to it. */
  readonly urls: Readonly<Record<string, string>>;
}

/** Judges who wants to have a task stored, by the record of the task's client. */
@Injectable()
export class ClientJudge {
  private readonly requiresKey: boolean;

  constructor(
    config: Config,
    private readonly clients: ClientDirectory,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {
    this.requiresKey = requiresKey(config);
  }

  /**
   * The client whose task may be stored, as far as this process knows. Its version has to be compared by the store, and
   * {@link forget} called when it is another one there. What speaks against it is said only after a look at the client as
   * it is.
   *
   * @returns nothing of a client that is in no record
   * @throws ProblemError, QueueUnavailable
   */
  async clientOf(enqueueing: Enqueueing): Promise<Client | undefined> {
    return this.judged(await this.enrolled(enqueueing.clientId), enqueueing);
  }

  /** The same for a request that stores nothing: a client that nobody knows is not registered for it. */
  async knownClientOf(enqueueing: Enqueueing): Promise<Client | undefined> {
    return this.judged(await this.clients.of(enqueueing.clientId), enqueueing);
  }

  /**
   * The limits of a client, as far as this process knows; of one that nobody knows, those that it would get.
   *
   * @throws QueueUnavailable
   */
  limitsOf(clientId: string): Promise<Limits> {
    return this.clients.limitsOf(clientId);
  }

  private async judged(client: Client | undefined, enqueueing: Enqueueing): Promise<Client | undefined> {
    const { clientId, principal } = enqueueing;
    if (!this.refusal(client, enqueueing)) return client;
    const fresh = await this.clients.fresh(clientId);
    const refusal = this.refusal(fresh, enqueueing);
    if (!refusal) return fresh;
    if (principal.kind === 'client') this.keys.forget(principal.keyHash);
    throw refusal;
  }

  /** The store says that a client is not what it was here. */
  forget(clientId: string): void {
    this.clients.forget(clientId);
  }

  /**
   * Whether a task that is stored already may call another address. A worker asks again before it does.
   *
   * @throws ProblemError when it may not; QueueUnavailable
   */
  async requireDestination(clientId: string, url: string): Promise<void> {
    const refusal = destinationRefusal(await this.clients.fresh(clientId), { '/task/url': url });
    if (refusal) throw refusal;
  }

  private refusal(client: Client | undefined, { principal, urls }: Enqueueing): ProblemError | undefined {
    if (principal.kind === 'client' && !(client && keyOf(client, principal.keyHash, this.clock.now()))) {
      return wrongApiKey('unknown');
    }
    if (!client) return this.requiresKey ? unknownClient() : undefined;
    return destinationRefusal(client, urls);
  }

  private async enrolled(id: string): Promise<Client | undefined> {
    try {
      return await this.clients.enrolled(id);
    } catch (error) {
      throw error instanceof TooManyClients ? tooManyClients() : error;
    }
  }
}

/** Compiled once for each version of a client. */
const compiled = new WeakMap<Client, Destinations>();

function destinationRefusal(
  client: Client | undefined,
  urls: Readonly<Record<string, string>>,
): ProblemError | undefined {
  const policy = client?.record.destinations;
  if (!policy) return undefined;
  const destinations = compiled.get(client) ?? compileDestinations(policy);
  compiled.set(client, destinations);
  const faults = Object.entries(urls).flatMap(([pointer, url]) => faultOf(destinations, pointer, url) ?? []);
  return faults.length > 0 ? invalidRequest(faults) : undefined;
}

/** What is no URL is told with everything else that is wrong with the task. */
function faultOf(destinations: Destinations, pointer: string, url: string): FieldError | undefined {
  if (!URL.canParse(url)) return undefined;
  const target = new URL(url);
  const refusal = destinations.refusal(target);
  return refusal === undefined
    ? undefined
    : { pointer, detail: `must not point to ${target.host}: the host ${refusal}` };
}
