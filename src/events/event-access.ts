import { hash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isApiKey } from '../clients/api-key.js';
import { keyOf } from '../clients/client.js';
import { ClientDirectory } from '../clients/client-directory.js';
import { KeyCheck } from '../clients/key-check.js';
import { apiKeyRequired } from '../clients/client-problems.js';
import { SEVERAL_KEYS } from '../clients/sent-key.js';
import { AdminKey } from '../http/admin-key.js';
import { type Principal, principalOf } from '../http/principal.js';
import { ProblemError } from '../http/problem.js';
import { eventTicketKey } from '../redis/keys.js';
import { isUnavailable } from '../redis/unavailable.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { ALL, type Audience } from './event-filter.js';

const TICKET_PREFIX = 'tr_ticket_';
const TICKET_BYTES = 32;
export const TICKET_FOR_MS = 60_000;

/** Who may listen to what. */
@Injectable()
export class EventAccess {
  constructor(
    private readonly admin: AdminKey,
    private readonly keys: KeyCheck,
    private readonly clients: ClientDirectory,
    private readonly connections: RedisConnections,
  ) {}

  /**
   * Clients learn of their own tasks, admins of everything. Events tell the ids of tasks, by which anybody may ask for them
   * in open mode: whoever sends no key learns of them only where the admin API is open, too.
   *
   * @throws ProblemError 401
   */
  audienceOf(principal: Principal): Audience {
    if (principal.kind === 'client') return principal;
    if (principal.kind === 'admin' || this.admin.isOpen) return ALL;
    throw apiKeyRequired();
  }

  /**
   * By a key or a ticket, wherever in the request or after it that came.
   *
   * @throws ProblemError 401, 403, 429
   */
  async audienceBy(secret: string, request: FastifyRequest): Promise<Audience> {
    if (isTicket(secret)) return this.redeem(secret);
    if (this.admin.isSet && !isApiKey(secret) && secret !== SEVERAL_KEYS) {
      this.admin.requireGiven(request, secret);
      return ALL;
    }
    await this.keys.admit(request, secret, false);
    return this.audienceOf(principalOf(request));
  }

  /** @throws ProblemError 401 */
  anyone(): Audience {
    return this.audienceOf({ kind: 'anyone' });
  }

  /** Whether who listens still may: a key is revoked, a client disabled, while a connection lasts for days. */
  async mayStill(audience: Audience): Promise<boolean> {
    if (audience.kind === 'all') return true;
    const client = await this.clients.fresh(audience.clientId);
    return client?.record.enabled === true && keyOf(client, audience.keyHash, Date.now()) !== undefined;
  }

  /** Opens events once, within a minute: for pages in browsers, which cannot send a key with an EventSource or a WebSocket. */
  async issueTicket(audience: Audience): Promise<string> {
    const ticket = TICKET_PREFIX + randomBytes(TICKET_BYTES).toString('base64url');
    const { producer } = this.connections;
    await orAway(producer.set(ticketKey(ticket), JSON.stringify(audience), 'PX', TICKET_FOR_MS));
    return ticket;
  }

  /** @throws ProblemError 401 when it was used before, or is too old, or is none */
  async redeem(ticket: string): Promise<Audience> {
    const text = await orAway(this.connections.producer.getdel(ticketKey(ticket)));
    if (text !== null) return JSON.parse(text) as Audience;
    const detail =
      'The ticket was used before, or is older than a minute. POST /v1/events/ticket gives another one.';
    throw new ProblemError({ status: 401, code: 'invalid_ticket', detail });
  }
}

function isTicket(text: string): boolean {
  return text.startsWith(TICKET_PREFIX);
}

async function orAway<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const detail = 'The store is away; try again.';
    throw new ProblemError({
      status: 503,
      code: 'store_unavailable',
      detail,
      headers: { 'retry-after': '1' },
    });
  }
}

/** As with API keys: of random bits there is nothing to guess. */
function ticketKey(ticket: string): string {
  return eventTicketKey(hash('sha256', ticket));
}
