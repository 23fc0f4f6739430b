/** Who is told when a task has ended. */
export interface Callbacks {
  /** Of a success; and of every other end when there is no `failureUrl`. */
  readonly url?: string;
  /** Of an end that is no success: dead letter, expired, cancelled. */
  readonly failureUrl?: string;
  /** Both, encrypted: as they are stored, or when no key at hand opens them. */
  readonly sealed?: string;
}

/** The states in which a task has ended. */
export const ENDINGS = ['completed', 'dead_letter', 'cancelled', 'expired'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Who is told of this end; nothing when nobody is. */
export function calledBack({ url, failureUrl }: Callbacks, ending: Ending): string | undefined {
  return ending === 'completed' ? url : (failureUrl ?? url);
}
