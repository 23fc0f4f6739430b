import { clientDisabled } from '../clients/client-problems.js';
import { tooManyRequests } from '../http/ingress-guard.js';
import type { ProblemInit } from '../http/problem.js';
import type { Full, Quota, Refusal } from '../queue/admission/admission.js';
import { rateLimitHeaders } from './enqueue-answer.js';

const FULL_RETRY_AFTER_SEC = 5;
const STALE_RETRY_AFTER_SEC = 1;

const FULL: Readonly<Record<Full['what'], Pick<ProblemInit, 'code' | 'detail'>>> = {
  memory: {
    code: 'store_full',
    detail: 'The store is short of memory and takes no new task until some are done.',
  },
  tasks: { code: 'queue_full', detail: 'As many tasks wait or run as are allowed (MAX_QUEUE_SIZE).' },
  client: {
    code: 'client_queue_full',
    detail: 'As many tasks of this client wait or run as it may have (max_alive of the client).',
  },
  queue: {
    code: 'named_queue_full',
    detail: 'As many tasks wait or run in this queue as are allowed (max_alive of the queue).',
  },
};

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

export function fullProblem(what: Full['what']): ProblemInit {
  const { code, detail } = FULL[what];
  return {
    status: 503,
    code,
    detail: `${detail} Send the request again later.`,
    headers: { 'retry-after': String(FULL_RETRY_AFTER_SEC) },
  };
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
