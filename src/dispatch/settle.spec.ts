import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../task/outcome.js';
import { settle } from './settle.js';

const backoff = { minMs: 1000, maxMs: 300_000, jitter: 0.1 };
const error = { code: 'timeout', message: 'late' };
const failures: Outcome[] = [
  { class: 'rejected', status: 500, noRetry: false },
  { class: 'not_sent', error, noRetry: false },
  { class: 'ambiguous', error, noRetry: false },
];

describe('settle', () => {
  it('completes on success and hands back what we interrupted, whatever the attempt', () => {
    const tries = { attempt: 99, maxRetries: 0 };
    expect(settle({ class: 'succeeded', status: 204 }, tries, backoff, 0)).toEqual({ kind: 'complete' });
    expect(settle({ class: 'interrupted', error }, tries, backoff, 0)).toEqual({ kind: 'hand_back' });
  });

  it.each(failures)('retries $class with backoff', (outcome) => {
    expect(settle(outcome, { attempt: 3, maxRetries: 5 }, backoff, 0.5)).toEqual({
      kind: 'retry',
      delayMs: 4000,
    });
  });

  it.each(failures)('makes a dead letter of $class that must not be retried', (outcome) => {
    const final = { ...outcome, noRetry: true } as Outcome;
    expect(settle(final, { attempt: 1, maxRetries: 5 }, backoff, 0.5)).toEqual({
      kind: 'dead_letter',
      reason: 'permanent_failure',
    });
  });

  it('delivers a task that always fails exactly 1 + maxRetries times', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), fc.constantFrom(...failures), (maxRetries, outcome) => {
        let attempt = 1;
        while (settle(outcome, { attempt, maxRetries }, backoff, 0.5).kind === 'retry') attempt++;
        expect(attempt).toBe(1 + maxRetries);
        expect(settle(outcome, { attempt, maxRetries }, backoff, 0.5)).toEqual({
          kind: 'dead_letter',
          reason: 'attempts_exhausted',
        });
      }),
    );
  });
});
