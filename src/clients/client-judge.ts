import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Principal } from '../http/principal.js';
import type { ProblemError } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { type Client, keyOf } from './client.js';
import { ClientDirectory } from './client-directory.js';
import { tooManyClients, unknownClient, wrongApiKey } from './client-problems.js';
import { TooManyClients } from './client-store.js';
import { destinationRefusal } from './destination-refusal.js';
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
   * Whether a task that is stored already may call other addresses. A worker asks again before it does.
   *
   * @throws ProblemError when it may not; QueueUnavailable
   */
  async requireDestinations(clientId: string, urls: Enqueueing['urls']): Promise<void> {
    const refusal = destinationRefusal(await this.clients.fresh(clientId), urls);
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
