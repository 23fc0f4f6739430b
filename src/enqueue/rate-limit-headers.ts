import type { Quota } from '../queue/admission/admission.js';

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
