import { otherClient } from '../clients/client-problems.js';
import type { Principal } from '../http/principal.js';
import type { EnqueueRequest, NamedRequest } from '../task-request/enqueue.dto.js';

/**
 * A request with the client whose task it asks for: that of the key it came with, else the one that it names.
 *
 * @throws ProblemError when it names another client than that of its key
 */
export function withClientId(request: EnqueueRequest, principal: Principal): NamedRequest {
  const named = request.client_id ?? '';
  if (principal.kind !== 'client') return Object.assign(request, { client_id: named });
  if (named !== '' && named !== principal.clientId) throw otherClient(principal.clientId);
  return Object.assign(request, { client_id: principal.clientId });
}
