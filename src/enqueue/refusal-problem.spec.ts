import { describe, expect, it } from 'vitest';
import type { Refusal } from '../queue/admission/admission.js';
import { refusalProblem } from './refusal-problem.js';

const limited = (resetMs: number): Refusal => ({
  kind: 'rate_limited',
  quota: { limit: 10, remaining: 0, resetMs },
});
const full = (what: 'memory' | 'tasks' | 'client' | 'queue'): Refusal => ({ kind: 'full', what });

describe('the problem of a refusal', () => {
  it.each([
    [limited(60_000), 429, 'rate_limited'],
    [{ kind: 'throttled', retryAfterMs: 1 }, 429, 'too_many_requests'],
    [full('memory'), 503, 'store_full'],
    [full('tasks'), 503, 'queue_full'],
    [full('client'), 503, 'client_queue_full'],
    [full('queue'), 503, 'named_queue_full'],
    [{ kind: 'stale' }, 503, 'client_changing'],
    [{ kind: 'disabled' }, 403, 'client_disabled'],
    [{ kind: 'conflict' }, 422, 'idempotency_key_reused'],
    [{ kind: 'skipped' }, 424, 'batch_refused'],
  ] satisfies [Refusal, number, string][])('%j is %i %s', (refusal, status, code) => {
    const { headers, ...problem } = refusalProblem(refusal);
    expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(/\.$/) as string });
    const waits = status === 429 || status === 503;
    expect(Number(headers?.['retry-after'] ?? 0) > 0).toBe(waits);
  });

  it.each([
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [59_001, '60'],
    [60_000, '60'],
  ])('says in whole seconds, and not too early, when to try again: %i ms are %s', (resetMs, seconds) => {
    expect(refusalProblem(limited(resetMs)).headers).toEqual({
      'retry-after': seconds,
      ratelimit: `"client";r=0;t=${seconds}`,
      'ratelimit-policy': '"client";q=10;w=60',
    });
    expect(refusalProblem({ kind: 'throttled', retryAfterMs: resetMs }).headers).toEqual({
      'retry-after': seconds,
    });
  });
});
