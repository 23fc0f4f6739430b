import { clientDisabled } from '../clients/client-problems.js';
import { tooManyRequests } from '../http/ingress-guard.js';
import type { ProblemInit } from '../http/problem.js';
import type { Quota, Refusal } from '../queue/admission/admission.js';
import { fullProblem } from '../task-request/full-problem.js';
import { rateLimitHeaders } from './enqueue-answer.js';

const STALE_RETRY_AFTER_SEC = 1;

/** A refusal of the queue as an answer. */
export function refusalProblem(refusal: Refusal): ProblemInit {
  switch (refusal.kind) {
    case 'full':
      return fullProblem(refusal.what);
    case 'rate_limited':
      return rateLimited(refusal.quota);
    case 'throttled':
      return tooManyRequests(refusal.retryAfterMs);
    case 'stale':
    case 'disabled':
    case 'conflict':
    case 'skipped':
      return OTHERS[refusal.kind];
  }
}

function rateLimited(quota: Quota): ProblemInit {
  const seconds = Math.ceil(quota.resetMs / 1000);
  return {
    status: 429,
    code: 'rate_limited',
    detail: `This client may enqueue ${quota.limit} tasks in 60 seconds, and ${leftOf(quota)}. Send the request again in ${seconds} s.`,
    headers: { 'retry-after': String(seconds), ...rateLimitHeaders(quota) },
  };
}

/** Some are left to a client of which a batch was refused that is all or none. */
function leftOf({ remaining }: Quota): string {
  return remaining === 0 ? 'has none left now' : `has ${remaining} left now, fewer than this batch needs`;
}

const OTHERS: Readonly<Record<'stale' | 'disabled' | 'conflict' | 'skipped', ProblemInit>> = {
  stale: {
    status: 503,
    code: 'client_changing',
    detail: 'What is set for this client changes faster than the request can be judged. Send it again.',
    headers: { 'retry-after': String(STALE_RETRY_AFTER_SEC) },
  },
  disabled: clientDisabled().init,
  conflict: {
    status: 422,
    code: 'idempotency_key_reused',
    detail:
      'This Idempotency-Key was sent with another request in the last 24 hours. Use a new key for a new request.',
    errors: [
      { pointer: '', detail: 'is another request than the one that the Idempotency-Key was sent with' },
    ],
  },
  skipped: {
    status: 424,
    code: 'batch_refused',
    detail: 'Nothing speaks against this task, but the batch was to be stored as a whole or not at all.',
  },
};
