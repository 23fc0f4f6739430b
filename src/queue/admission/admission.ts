import type { Task } from '../../task/task.js';

/** By what a request to enqueue is let in, and told apart from others. */
export interface Admission {
  /**
   * The version of the client's record that this process has judged the request by, or `UNRECORDED`. With another one in
   * the store nothing is stored, and the answer is `stale`.
   */
  readonly version: string;
  /** Whose token bucket pays for the request; nobody's without one. */
  readonly principal?: string;
  /** By what a request is known again that is sent twice. */
  readonly idempotency?: IdempotencyKey;
}

/** An idempotency key and what it was sent with, both hashed: 22 characters of base64url, 132 bits, are enough of each. */
export interface IdempotencyKey {
  /** Of the client and its key. */
  readonly hash: string;
  /** Of the request. */
  readonly fingerprint: string;
}

/** What a request is known by that may have been sent before. */
export interface SentAgain {
  readonly clientId: string;
  /** The id of the task, when the caller chose it. */
  readonly id?: string | undefined;
  readonly admission: Admission;
}

/** A task to store. Without an admission it comes from the product itself: no limit of its client holds it. */
export interface Addition {
  readonly task: Task;
  readonly admission?: Admission | undefined;
}

/** What is answered for a task: the same again for every replay, whatever has become of the task. */
export type Receipt = Pick<Task, 'id' | 'clientId' | 'queue' | 'scheduledAt'>;

export function receiptOf({ id, clientId, queue, scheduledAt }: Receipt): Receipt {
  return { id, clientId, queue, scheduledAt };
}

/** What is left of the requests that a client has in 60 seconds. */
export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  /** When there is more again: after so many milliseconds the oldest request that counts is older than 60 seconds. */
  readonly resetMs: number;
}

/** It is stored. `quota` of clients that have one. */
export interface Accepted {
  /** `replayed`: it was stored before, and this request has changed nothing. */
  readonly kind: 'added' | 'replayed';
  readonly receipt: Receipt;
  readonly quota?: Quota;
}

/** No room: in memory, or as many tasks are alive as may be, of all, of this client or in this queue. */
export interface Full {
  readonly kind: 'full';
  readonly what: 'memory' | 'tasks' | 'client' | 'queue';
}

/** Nothing was stored. */
export type Refusal =
  /** The client's record has changed since: look at it again, and repeat. */
  | { readonly kind: 'stale' }
  /** The client is disabled. */
  | { readonly kind: 'disabled' }
  /**
   * The client has used up its quota, or has too little left for a batch that is all or none. Refused requests do not
   * count. `resetMs` is when there is room for all that was refused.
   */
  | { readonly kind: 'rate_limited'; readonly quota: Quota }
  | Full
  /** The idempotency key was used for another request. */
  | { readonly kind: 'conflict' }
  /** The principal has sent too many requests per second. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  /** Nothing speaks against it, but something against another one, and it was to be all or none. */
  | { readonly kind: 'skipped' };

export type AddResult = Accepted | Refusal;

export function isAccepted(result: AddResult): result is Accepted {
  return result.kind === 'added' || result.kind === 'replayed';
}

/** There is no room for one more task in the memory of the store. */
export const NO_MEMORY: Full = { kind: 'full', what: 'memory' };

/** One script call holds Redis for as long as it takes; so many tasks of 1 kB take about 16 ms. */
export const MOST_AT_ONCE = 1000;
