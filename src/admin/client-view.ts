import type { Client } from '../clients/client.js';
import type { Limits } from '../clients/tier.js';
import { formatTime } from '../time/rfc3339.js';
import type { ClientView } from './admin-clients.dto.js';

/** A client as the API shows it. */
export function clientView({ id, record, limits }: Client): ClientView {
  const { tier, enabled, overrides, maxAlive, registeredBy, createdAt, updatedAt } = record;
  return {
    client_id: id,
    tier,
    enabled,
    ...limitsView(limits),
    ...(maxAlive !== undefined && { max_alive: maxAlive }),
    ...(overrides && { overrides: limitsView(overrides) }),
    registered_by: registeredBy,
    created_at: formatTime(createdAt),
    updated_at: formatTime(updatedAt),
  };
}

type Shown = Pick<ClientView, 'requests_per_minute' | 'max_concurrent'>;

function limitsView({ requestsPerMinute, maxConcurrent }: Limits): Shown {
  return {
    ...(requestsPerMinute !== undefined && { requests_per_minute: requestsPerMinute }),
    ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent }),
  };
}
