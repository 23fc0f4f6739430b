import type { AdmissionRules } from '../queue/admission/admission-rules.js';
import type { GateLimits } from '../queue/gates/gate.js';
import { type Tier, tierLimits } from './tier.js';

/** Who enqueues, as an admin has set it. Times are Unix milliseconds. */
export interface Client {
  readonly id: string;
  readonly tier: Tier;
  /** A client that is not may not enqueue, and its tasks wait. */
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What the dispatcher lets through for a client. */
export function clientGate({ tier, enabled }: Pick<Client, 'tier' | 'enabled'>): GateLimits {
  return { isShut: !enabled, maxRunning: tierLimits(tier).maxConcurrent };
}

/** What the store holds a client to when it enqueues. */
export function clientAdmission({
  tier,
  enabled,
  version,
}: Pick<Client, 'tier' | 'enabled'> & Pick<AdmissionRules, 'version'>): AdmissionRules {
  return { version, isEnabled: enabled, requestsPerMinute: tierLimits(tier).requestsPerMinute };
}
