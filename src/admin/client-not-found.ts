import type { Client } from '../clients/client.js';
import { ProblemError } from '../http/problem.js';

/** @throws ProblemError when there is no such client */
export function existingClient(client: Client | undefined): Client {
  if (!client) throw clientNotFound();
  return client;
}

export function clientNotFound(): ProblemError {
  const detail = 'There is no client with this id. POST /admin/clients/set creates one.';
  return new ProblemError({ status: 404, code: 'client_not_found', detail });
}
