import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

const standard = { minMs: 1000, maxMs: 300_000, jitter: 0.1 };

describe('exponential backoff', () => {
  it('doubles from one second up to five minutes', () => {
    const delays = [1, 2, 3, 8, 9, 10, 1000].map((retry) => backoffMs(standard, retry, 0.5));
    expect(delays).toEqual([1000, 2000, 4000, 128_000, 256_000, 300_000, 300_000]);
  });

  it('spreads by the jitter in both directions', () => {
    expect(backoffMs(standard, 1, 0)).toBe(900);
    expect(backoffMs(standard, 1, 0.999999)).toBe(1100);
  });

  it('stays within min and max, give or take the jitter, whatever the numbers', () => {
    const policy = fc.record({
      minMs: fc.integer({ min: 1, max: 1e6 }),
      maxMs: fc.integer({ min: 1, max: 1e9 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 1e6 }), random, (backoff, retry, chance) => {
        const delay = backoffMs(backoff, retry, chance);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.ceil(backoff.maxMs * (1 + backoff.jitter)));
      }),
    );
  });
});
