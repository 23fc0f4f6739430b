import type { AbortHandle } from '../queue/abort-handle.js';

/** One HTTP request as it goes out; the sender adds `host`, `connection` and `content-length`, nothing else. */
export interface OutgoingRequest {
  /** Absolute http or https URL; its fragment is not sent. */
  readonly url: string;
  readonly method: string;
  /** Names and values in turn, sent in this order exactly as given (latin1). */
  readonly headers: readonly string[];
  /** Sent byte for byte with every method, GET and HEAD included. */
  readonly body: Buffer | undefined;
  /** Milliseconds from the call of `send` to the last byte of the answer: connecting, headers and body together. */
  readonly timeoutMs: number;
}

/** Milliseconds since `send` was called. */
export interface Timings {
  /** Until the request could be written: DNS, TCP and TLS, or nearly nothing on a reused connection. */
  readonly connectMs?: number | undefined;
  /** Until the first status line, informational ones included. */
  readonly firstByteMs?: number | undefined;
  readonly totalMs: number;
}

/**
 * Why no complete answer came. Stable: written to attempts and metrics.
 *
 * - `invalid_request`: the request cannot be written as HTTP
 * - `address_refused`: the address policy forbids the target
 * - `destination_refused`: what is set for the client forbids it
 * - `signing_failed`: what it is to be signed with cannot be read
 * - `dns_failed`, `connect_failed`, `tls_failed`: no connection
 * - `proxy_failed`: `EGRESS_PROXY` could not be reached, or made no tunnel and did not say that the target is why
 * - `timeout`: the deadline passed; `aborted`: the caller called it off, or the sender was closed
 * - `connection_lost`: the connection ended before the answer did
 * - `headers_too_large`: over 16 KiB of answer headers
 * - `answer_too_large`: over 512 KiB came on the connection, more than any answer takes that is read
 * - `bad_answer`: what came is not HTTP/1.1
 */
export type FailureCode =
  | 'invalid_request'
  | 'address_refused'
  | 'destination_refused'
  | 'signing_failed'
  | 'dns_failed'
  | 'connect_failed'
  | 'tls_failed'
  | 'proxy_failed'
  | 'timeout'
  | 'aborted'
  | 'connection_lost'
  | 'headers_too_large'
  | 'answer_too_large'
  | 'bad_answer';

/** A final status came, and the body behind it ended or was cut by us at the read limit. Any status counts. */
export interface Answered {
  readonly kind: 'answered';
  readonly status: number;
  /** Lower-case names, null prototype, the first value of each. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first bytes of the body as sent by the target: still compressed if it compressed them. */
  readonly body: Buffer;
  readonly timings: Timings;
}

export interface Failed {
  readonly kind: 'failed';
  /** `not_sent`: no byte of the request has left, so the target cannot have acted. `ambiguous`: it may have. */
  readonly stage: 'not_sent' | 'ambiguous';
  readonly code: FailureCode;
  readonly message: string;
  readonly timings: Timings;
  /** Of an answer whose head came, and not all of its body. */
  readonly status?: number | undefined;
  /** The same request will fail the same way: do not retry. */
  readonly permanent?: boolean;
}

export type Reply = Answered | Failed;

/** Makes the call of an attempt. An abstract class so that it can be an injection token. */
export abstract class HttpSender {
  /** Never rejects: whatever goes wrong is a {@link Failed}. Redirects are answers, not followed. */
  abstract send(request: OutgoingRequest, abort: AbortHandle): Promise<Reply>;
  /** Ends every connection; sends still under way fail as `aborted`. */
  abstract close(): Promise<void>;
}
