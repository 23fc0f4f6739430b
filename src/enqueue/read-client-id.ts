import { otherClient } from '../clients/client-problems.js';
import type { Principal } from '../http/principal.js';

/**
 * Whose task a request asks for: that of the key it came with, else the client that it names.
 *
 * @returns nothing when it says neither
 * @throws ProblemError when it names another client than that of its key
 */
export function readClientId(named: string | null | undefined, principal: Principal): string | undefined {
  if (principal.kind !== 'client') return named ?? undefined;
  if (typeof named === 'string' && named !== principal.clientId) throw otherClient(principal.clientId);
  return principal.clientId;
}
