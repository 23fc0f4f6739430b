/** What becomes of a task after an attempt: decided by a pure function, carried out by the queue. */
export type Settlement =
  | { readonly kind: 'complete' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason }
  /** Given back untouched, to be run elsewhere; uses no attempt. */
  | { readonly kind: 'hand_back' };

type DeadLetterReason = 'attempts_exhausted' | 'permanent_failure';
