import type { GateLimits } from '../queue/gates/gate.js';
import { type Tier, tierLimits } from './tier.js';

/** Who enqueues, as an admin has set it. Times are Unix milliseconds. */
export interface Client {
  readonly id: string;
  readonly tier: Tier;
  /** The tasks of a client that is not are accepted and wait. */
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What the dispatcher lets through for a client. */
export function clientGate({ tier, enabled }: Pick<Client, 'tier' | 'enabled'>): GateLimits {
  return { isShut: !enabled, maxRunning: tierLimits(tier).maxConcurrent };
}
