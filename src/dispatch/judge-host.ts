import type { HostVerdict } from '../task/host-verdict.js';
import type { AttemptError, Outcome } from '../task/outcome.js';

const UNAVAILABLE = 503;
const TOO_MANY_REQUESTS = 429;

/** We, or our proxy, did not let the call begin: the host has not been asked. */
const NOT_ASKED: readonly string[] = [
  ...['invalid_request', 'address_refused', 'destination_refused'],
  ...['signing_failed', 'proxy_failed'],
];
/** A host that has not answered in that time is slow for everybody. */
const LONG_ENOUGH_MS = 10_000;
/** An answer came; that we do not read it to its end is our doing. */
const ANSWERED: readonly string[] = ['headers_too_large', 'answer_too_large'];

/** Of an attempt, milliseconds. */
export interface Deadline {
  readonly ms: number;
  /** What it is unless the task names its own. */
  readonly usualMs: number;
}

/**
 * What an attempt says of its host. Failures are 5xx and no answer, whatever the reason: a name that does not resolve, a
 * connection that is refused, lost or never answered in time. Every other answer says that the host is there; what is
 * wrong then is the task's own fault, and so is a deadline that the task itself has made too short for any host to meet.
 */
export function judgeHost(outcome: Outcome, deadline: Deadline): HostVerdict {
  switch (outcome.class) {
    case 'succeeded':
      return { kind: 'success' };
    case 'rejected':
      return judgeAnswer(outcome.status, outcome.retryAfterMs);
    case 'interrupted':
      return { kind: 'neutral' };
    case 'not_sent':
    case 'ambiguous':
      return judgeError(outcome.error, deadline);
  }
}

function judgeAnswer(status = 0, waitMs: number | undefined): HostVerdict {
  if (status < 500) {
    const isHold = status === TOO_MANY_REQUESTS && waitMs !== undefined;
    return { kind: 'success', ...(isHold && { holdClientMs: Math.ceil(waitMs) }) };
  }
  const isHold = status === UNAVAILABLE && waitMs !== undefined;
  return { kind: 'failure', ...(isHold && { holdHostMs: Math.ceil(waitMs) }), note: String(status) };
}

function judgeError({ code }: AttemptError, { ms, usualMs }: Deadline): HostVerdict {
  if (code === 'timeout' && ms < Math.min(usualMs, LONG_ENOUGH_MS)) return { kind: 'neutral' };
  if (NOT_ASKED.includes(code)) return { kind: 'neutral' };
  return ANSWERED.includes(code) ? { kind: 'success' } : { kind: 'failure', note: code };
}
