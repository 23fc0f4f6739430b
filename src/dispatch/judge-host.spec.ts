import { describe, expect, it } from 'vitest';
import type { Outcome } from '../task/outcome.js';
import type { FailureCode } from './http-sender.js';
import { judgeHost } from './judge-host.js';

const answered = (status: number, retryAfterMs?: number): Outcome => ({
  class: 'rejected',
  status,
  noRetry: false,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

const LONG = { ms: 10_000, usualMs: 1_800_000 };
const judged = (outcome: Outcome) => judgeHost(outcome, LONG);

describe('an answer', () => {
  it('says that the host is there, whatever it says to the task, unless it is 5xx', () => {
    expect(judged({ class: 'succeeded', status: 204 })).toEqual({ kind: 'success' });
    for (const status of [301, 400, 404, 408, 425, 429, 489, 499])
      expect(judged(answered(status))).toEqual({ kind: 'success' });
    for (const status of [500, 502, 503, 599])
      expect(judged(answered(status))).toEqual({ kind: 'failure', note: String(status) });
  });

  it('with Retry-After holds the host when it is 503, and the client when it is 429', () => {
    expect(judged(answered(503, 4999.5))).toEqual({ kind: 'failure', note: '503', holdHostMs: 5000 });
    expect(judged(answered(429, 60_000))).toEqual({ kind: 'success', holdClientMs: 60_000 });
    expect(judged(answered(500, 60_000))).toEqual({ kind: 'failure', note: '500' });
    expect(judged(answered(404, 60_000))).toEqual({ kind: 'success' });
  });
});

describe('no answer', () => {
  const expected: Record<FailureCode, 'success' | 'failure' | 'neutral'> = {
    dns_failed: 'failure',
    connect_failed: 'failure',
    tls_failed: 'failure',
    proxy_failed: 'neutral',
    timeout: 'failure',
    connection_lost: 'failure',
    bad_answer: 'failure',
    headers_too_large: 'success',
    answer_too_large: 'success',
    invalid_request: 'neutral',
    address_refused: 'neutral',
    destination_refused: 'neutral',
    signing_failed: 'neutral',
    aborted: 'neutral',
  };

  it.each(Object.entries(expected))('for the reason %s says: %s', (code, kind) => {
    for (const outcomeClass of ['not_sent', 'ambiguous'] as const) {
      const error = { code, message: '' };
      const outcome: Outcome =
        code === 'aborted' ? { class: 'interrupted', error } : { class: outcomeClass, error, noRetry: false };
      expect(judged(outcome)).toEqual({ kind, ...(kind === 'failure' && { note: code }) });
    }
  });

  it.each([
    [{ ms: 1, usualMs: 1_800_000 }, 'neutral'],
    [{ ms: 9_999, usualMs: 1_800_000 }, 'neutral'],
    [{ ms: 10_000, usualMs: 1_800_000 }, 'failure'],
    [{ ms: 4_999, usualMs: 5_000 }, 'neutral'],
    [{ ms: 5_000, usualMs: 5_000 }, 'failure'],
  ])('within the deadline %o says: %s', (deadline, kind) => {
    for (const outcomeClass of ['not_sent', 'ambiguous'] as const) {
      const outcome = (code: FailureCode): Outcome => {
        return { class: outcomeClass, error: { code, message: '' }, noRetry: false };
      };
      expect(judgeHost(outcome('timeout'), deadline).kind).toBe(kind);
      expect(judgeHost(outcome('connect_failed'), deadline).kind).toBe('failure');
    }
  });
});
