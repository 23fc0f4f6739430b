import type { DestinationPolicy } from '../net/destinations.js';
import { builtInLimits, type Limits } from './tier.js';

/** An API key as it is kept. Times are Unix milliseconds. */
export interface StoredKey {
  readonly id: string;
  /** Never shown, in logs neither. */
  readonly hash: string;
  /** Its beginning, for people. */
  readonly shown: string;
  readonly name?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** A secret with which the calls of a client are signed. Times are Unix milliseconds. */
export interface StoredSigningSecret {
  /** By which it is deleted, and appears in logs. Says nothing of it. */
  readonly secretId: string;
  /** `whsec_...`, or that encrypted. Never shown, in logs neither. */
  readonly secret: string;
  readonly name?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** What is kept of a client; its id is the name of the record. Times are Unix milliseconds. */
export interface ClientRecord {
  readonly tier: string;
  /** The tasks of a client that is not wait, and it can enqueue no more. */
  readonly enabled: boolean;
  /** Instead of the limits of its tier. */
  readonly overrides?: Limits;
  /** Tasks of it that may be alive at once, that is, have not ended. */
  readonly maxAlive?: number;
  /** Which hosts its tasks may call; nothing = all. */
  readonly destinations?: DestinationPolicy;
  /** Its calls are signed with each of them that is live. */
  readonly signingSecrets?: readonly StoredSigningSecret[];
  /** Whoever sends one of them acts as this client. */
  readonly keys?: readonly StoredKey[];
  /** One that no admin has set came up with its first task, and is forgotten when it stays away. */
  readonly registeredBy: 'admin' | 'itself';
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Who enqueues. */
export interface Client {
  readonly id: string;
  readonly record: ClientRecord;
  /** Those of its tier, but for its overrides. */
  readonly limits: Limits;
  /** Another one with every change of the record. */
  readonly version: string;
  /** The record as it is stored: a change says by it what it was made from. */
  readonly stored: string;
}

/** As the scripts give it. */
export type FoundClient = readonly [stored: string, tierLimits: string, version: string];

export function readClient(id: string, [stored, tierText, version]: FoundClient): Client {
  const record = JSON.parse(stored) as ClientRecord;
  const tier = tierText === '' ? builtInLimits(record.tier) : (JSON.parse(tierText) as Limits);
  return { id, record, limits: effectiveLimits(record, tier ?? {}), version, stored };
}

/**
 * The key of a client that has this hash, unless its time is over.
 *
 * @param now Unix milliseconds
 */
export function keyOf({ record }: Client, hash: string, now: number): StoredKey | undefined {
  return record.keys?.find((key) => key.hash === hash && (key.expiresAt ?? Infinity) > now);
}

function effectiveLimits({ overrides = {} }: ClientRecord, tier: Limits): Limits {
  const requestsPerMinute = overrides.requestsPerMinute ?? tier.requestsPerMinute;
  const maxConcurrent = overrides.maxConcurrent ?? tier.maxConcurrent;
  return {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(maxConcurrent !== undefined && { maxConcurrent }),
  };
}
