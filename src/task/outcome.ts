/** What one attempt came to, told apart by what the target can have seen. */
export type Outcome =
  /** The target answered 200-299, or a handler returned, which has no status. */
  | { readonly class: 'succeeded'; readonly status?: number }
  /**
   * The target answered something else (`status`), and perhaps for how long it wants to be left alone; or a handler threw
   * (`error`).
   */
  | {
      readonly class: 'rejected';
      readonly status?: number;
      readonly error?: AttemptError;
      readonly noRetry: boolean;
      readonly retryAfterMs?: number;
    }
  /** No byte of the request left: DNS, connect, TLS, or refused by a guard of ours. */
  | { readonly class: 'not_sent'; readonly error: AttemptError; readonly noRetry: boolean }
  /** Bytes left and no answer came back: the target may or may not have acted. */
  | { readonly class: 'ambiguous'; readonly error: AttemptError; readonly noRetry: boolean }
  /** We stopped it ourselves (shutdown); it does not count as a try. */
  | { readonly class: 'interrupted'; readonly error: AttemptError };

/** `code` is stable and made for programs, `message` is made for people. */
export interface AttemptError {
  readonly code: string;
  readonly message: string;
}
