import type { DestinationPolicy } from '../net/destinations.js';
import type { Client, ClientRecord } from './client.js';

/**
 * A client whose tasks may call what a policy says; one that says nothing leaves no trace.
 *
 * @param now Unix milliseconds
 */
export function withDestinations({ record }: Client, policy: DestinationPolicy, now: number): ClientRecord {
  const changed: { -readonly [K in keyof ClientRecord]: ClientRecord[K] } = {
    ...record,
    destinations: policy,
    updatedAt: now,
  };
  if (policy.allow.length === 0 && policy.deny.length === 0) delete changed.destinations;
  return changed;
}
