/** What the store holds a client to when it enqueues. Nothing of a kind = no limit of that kind. */
export interface AdmissionRules {
  readonly version: string;
  readonly isEnabled: boolean;
  /** Tasks that are stored in any 60 seconds. */
  readonly requestsPerMinute?: number;
  /** Tasks that are alive at once, that is, have not ended. */
  readonly maxAlive?: number;
}

/** As the scripts that keep clients write it into hash `admission`, see `client-record.lua`. */
export function encodeRules({ version, isEnabled, requestsPerMinute, maxAlive }: AdmissionRules): string {
  return [version, Number(isEnabled), requestsPerMinute ?? '', maxAlive ?? ''].join(';');
}
