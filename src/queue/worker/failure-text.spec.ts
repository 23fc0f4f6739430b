import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../task/attempt.js';
import { failureText } from './failure-text.js';

const attempt = (fields: Partial<Attempt>): Attempt => ({
  number: 1,
  startedAt: 0,
  endedAt: 1,
  class: 'rejected',
  timings: { totalMs: 1 },
  ...fields,
});
const answered = (response: string, status = 500) => failureText(attempt({ status, response }));

describe('what a task died of', () => {
  it('is the status and the beginning of the answer', () => {
    expect(answered('no such order', 404)).toBe('HTTP 404 no such order');
    expect(failureText(attempt({ status: 503 }))).toBe('HTTP 503');
  });

  it('is the code and the words of an error', () => {
    const error = { code: 'connect_failed', message: 'connect ECONNREFUSED 10.0.0.7:8443' };
    expect(failureText(attempt({ error }))).toBe('connect_failed connect ECONNREFUSED <n>.<n>.<n>.<n>:<n>');
  });

  it('is the reason when the attempt says nothing', () => {
    expect(failureText(attempt({ class: 'not_sent' }), 'unreadable_task')).toBe('unreadable_task');
  });

  it.each([
    ['order 17 of 3 is gone', 'order 99 of 12 is gone'],
    ['no 8f14e45f-ceea-467f-a9d5-0b1f1d2e3c4a', 'no 0cc175b9-c0f1-46b6-a831-c399e2697726'],
    ['at 0xdeadbeef01', 'at 0x0123456789'],
    ['trace a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', 'trace 0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33'],
    ['one\n\t two', 'one two '],
  ])('is the same for %j and %j', (one, other) => {
    expect(answered(one)).toBe(answered(other));
  });

  it.each([
    ['no such order', 'no such client'],
    ['facade deadbeef', 'facade feedface'],
  ])('is another one for %j and %j', (one, other) => {
    expect(answered(one)).not.toBe(answered(other));
  });

  it('is another one for another status', () => {
    expect(answered('gone', 500)).not.toBe(answered('gone', 502));
  });

  it('is short, whatever a target answers', () => {
    expect(answered('word '.repeat(100_000)).length).toBeLessThanOrEqual(210);
    expect(answered(`${'9'.repeat(999)} tail`)).toBe('HTTP 500 <hex>');
  });
});
