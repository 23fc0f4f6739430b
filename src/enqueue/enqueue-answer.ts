import type { Accepted, Quota } from '../queue/admission/admission.js';
import { formatTime } from '../time/rfc3339.js';
import type { EnqueueAnswer } from './enqueue-answer.dto.js';

/** The same for a task that is new and for one that was stored before. */
export function answerFor({ receipt }: Accepted): EnqueueAnswer {
  return {
    status: 'enqueued',
    task_id: receipt.id,
    queue: receipt.queue,
    client_id: receipt.clientId,
    scheduled_at: formatTime(receipt.scheduledAt),
  };
}

const WINDOW_SEC = 60;

/**
 * What a client has left, as fields of draft-ietf-httpapi-ratelimit-headers-10: `q` requests in `w` seconds; of these
 * `r` remain, and in `t` seconds there are more again. The window slides: nothing is reset at once.
 */
export function rateLimitHeaders({ limit, remaining, resetMs }: Quota): Record<string, string> {
  return {
    'ratelimit-policy': `"client";q=${limit};w=${WINDOW_SEC}`,
    ratelimit: `"client";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
  };
}
