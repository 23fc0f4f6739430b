import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Principal } from '../http/principal.js';
import type { ProblemError } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { type Client, keyOf } from './client.js';
import { ClientDirectory } from './client-directory.js';
import { tooManyClients, unknownClient, wrongApiKey } from './client-problems.js';
import { TooManyClients } from './client-store.js';
import { KeyRing } from './key-ring.js';
import { requiresKey } from './requires-key.js';

/** Who wants to have a task stored, and for whom. */
export interface Enqueueing {
  readonly clientId: string;
  readonly principal: Principal;
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
  async clientOf({ clientId, principal }: Enqueueing): Promise<Client | undefined> {
    const client = await this.enrolled(clientId);
    if (!this.refusal(client, principal)) return client;
    const fresh = await this.clients.fresh(clientId);
    const refusal = this.refusal(fresh, principal);
    if (!refusal) return fresh;
    if (principal.kind === 'client') this.keys.forget(principal.keyHash);
    throw refusal;
  }

  /** The store says that a client is not what it was here. */
  forget(clientId: string): void {
    this.clients.forget(clientId);
  }

  private refusal(client: Client | undefined, principal: Principal): ProblemError | undefined {
    if (principal.kind === 'client') {
      const key = client && keyOf(client, principal.keyHash, this.clock.now());
      return key ? undefined : wrongApiKey('unknown');
    }
    return client || !this.requiresKey ? undefined : unknownClient();
  }

  private async enrolled(id: string): Promise<Client | undefined> {
    try {
      return await this.clients.enrolled(id);
    } catch (error) {
      throw error instanceof TooManyClients ? tooManyClients() : error;
    }
  }
}
