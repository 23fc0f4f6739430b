import type { ProblemInit } from '../http/problem.js';
import type { Full } from '../queue/admission/admission.js';

const FULL_RETRY_AFTER_SEC = 5;

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

/** There is no room for another task, as an answer. */
export function fullProblem(what: Full['what']): ProblemInit {
  const { code, detail } = FULL[what];
  return {
    status: 503,
    code,
    detail: `${detail} Send the request again later.`,
    headers: { 'retry-after': String(FULL_RETRY_AFTER_SEC) },
  };
}
