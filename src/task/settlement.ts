/** What becomes of a task after an attempt: decided by a pure function, carried out by the queue. */
export type Settlement =
  | { readonly kind: 'complete' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason }
  /** Its next attempt would come after the time at which it expires. */
  | { readonly kind: 'expire' }
  /** Given back untouched, to be run elsewhere or later; uses no attempt. */
  | { readonly kind: 'hand_back' };

type DeadLetterReason =
  | 'attempts_exhausted'
  | 'canary_failed'
  | 'permanent_failure'
  | 'max_age_exceeded'
  | 'encryption_key_missing'
  | 'handler_missing';
