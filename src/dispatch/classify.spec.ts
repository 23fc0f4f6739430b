import { describe, expect, it } from 'vitest';
import { classify as classifyAt } from './classify.js';
import type { FailureCode, Reply } from './http-sender.js';

const timings = { totalMs: 1 };
const limits = { now: Date.UTC(2026, 5, 1), maxMs: 60_000 };

const classify = (reply: Reply) => classifyAt(reply, limits);

function answered(status: number, headers: Record<string, string> = {}): Reply {
  return { kind: 'answered', status, headers, body: Buffer.alloc(0), timings };
}

function failed(stage: 'not_sent' | 'ambiguous', code: FailureCode, permanent = false): Reply {
  return { kind: 'failed', stage, code, message: 'no', timings, permanent };
}

describe('classify', () => {
  it.each([200, 201, 204, 299])('%d is success', (status) => {
    expect(classify(answered(status))).toEqual({ class: 'succeeded', status });
  });

  it.each([300, 302, 304, 400, 404, 429, 500, 503, 599])('%d is a failure that is retried', (status) => {
    expect(classify(answered(status))).toEqual({ class: 'rejected', status, noRetry: false });
  });

  it('489 and X-Task-No-Retry: true forbid a retry', () => {
    expect(classify(answered(489))).toMatchObject({ noRetry: true });
    expect(classify(answered(500, { 'x-task-no-retry': 'True' }))).toMatchObject({ noRetry: true });
    expect(classify(answered(500, { 'x-task-no-retry': 'false' }))).toMatchObject({ noRetry: false });
    expect(classify(answered(200, { 'x-task-no-retry': 'true' }))).toMatchObject({ class: 'succeeded' });
  });

  it.each([300, 429, 500, 503])('%d carries the wait that the target asked for', (status) => {
    expect(classify(answered(status, { 'retry-after': '30' }))).toMatchObject({ retryAfterMs: 30_000 });
    expect(classify(answered(status, { 'retry-after': '90' }))).toMatchObject({ retryAfterMs: 60_000 });
    expect(classify(answered(status, { 'retry-after': 'later' }))).not.toHaveProperty('retryAfterMs');
  });

  it('tells what never left from what may have arrived', () => {
    expect(classify(failed('not_sent', 'dns_failed'))).toMatchObject({ class: 'not_sent', noRetry: false });
    expect(classify(failed('ambiguous', 'timeout'))).toMatchObject({ class: 'ambiguous', noRetry: false });
    expect(classify(failed('not_sent', 'address_refused', true))).toMatchObject({ noRetry: true });
  });

  it('what we aborted is nobody else’s failure', () => {
    expect(classify(failed('ambiguous', 'aborted'))).toMatchObject({ class: 'interrupted' });
    expect(classify(failed('not_sent', 'aborted'))).toMatchObject({ class: 'interrupted' });
  });
});
