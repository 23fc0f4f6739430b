import { randomBytes } from 'node:crypto';

/** What the store holds a client to when it enqueues. Nothing of a kind = no limit of that kind. */
export interface AdmissionRules {
  /**
   * Another one after every change of what requests of the client are judged by: tier, limits, keys, destinations,
   * whether it is enabled. See `newVersion`.
   */
  readonly version: string;
  readonly isEnabled: boolean;
  /** Tasks that are stored in any 60 seconds. */
  readonly requestsPerMinute?: number;
  /** Tasks that are alive at once, that is, have not ended. */
  readonly maxAlive?: number;
}

/** The version of a client that is in no record. Nothing holds it but what holds all. */
export const UNRECORDED = '0';

/**
 * Never the same twice, also for a client that was removed and came back: what a process remembers of it from before
 * must not pass for what is recorded now.
 */
export function newVersion(): string {
  return randomBytes(9).toString('base64url');
}

/**
 * As the scripts read it, in hash `ADMISSION_KEY` by the id of the client. To be written in one step with the record
 * that it comes from: one of the `extracts` of a `RecordKind`.
 */
export function encodeRules({ version, isEnabled, requestsPerMinute, maxAlive }: AdmissionRules): string {
  return [version, Number(isEnabled), requestsPerMinute ?? '', maxAlive ?? ''].join(';');
}

/** Where the bound of a queue lies beside the rules of the clients: no client has a colon in its id. */
export function queueField(name: string): string {
  return `q:${name}`;
}
