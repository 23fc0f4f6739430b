import { parseHttpDate } from '../time/http-date.js';

/** When an answer came, and the longest wait that a target can ask for. Milliseconds. */
export interface RetryAfterLimits {
  readonly now: number;
  readonly maxMs: number;
}

/**
 * For how long a target wants to be left alone: a `Retry-After` header (RFC 9110, 10.2.3), as milliseconds from now and
 * cut to the maximum. Nothing for what is no such header, and for what asks for no wait.
 */
export function retryAfterMs(header: string | undefined, limits: RetryAfterLimits): number | undefined {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : waitUntil(text, limits.now);
  const wait = Math.min(asked, limits.maxMs);
  return wait > 0 ? wait : undefined;
}

function waitUntil(text: string, now: number): number {
  return (parseHttpDate(text, now) ?? now) - now;
}
