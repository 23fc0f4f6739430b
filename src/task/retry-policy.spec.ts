import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_STRATEGIES, type RetryPolicy, retryDelayMs } from './retry-policy.js';

const standard: RetryPolicy = {
  strategy: 'exponential',
  minBackoffMs: 1000,
  maxBackoffMs: 300_000,
  jitter: 0.1,
};

function delays(policy: Partial<RetryPolicy>, retries: readonly number[]): number[] {
  return retries.map((retry) => retryDelayMs({ ...standard, ...policy }, retry, 0.5));
}

const anyPolicy: fc.Arbitrary<RetryPolicy> = fc
  .record({
    strategy: fc.constantFrom(...RETRY_STRATEGIES),
    bounds: fc.tuple(fc.nat(2_592_000_000), fc.nat(2_592_000_000)),
    delaysMs: fc.array(fc.nat(2_592_000_000), { minLength: 1, maxLength: 100 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ bounds, ...policy }) => ({
    ...policy,
    minBackoffMs: Math.min(...bounds),
    maxBackoffMs: Math.max(...bounds),
  }));
const anyRetry = fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 1e9 }));
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait before a retry', () => {
  it('doubles from min to max when exponential', () => {
    expect(delays({}, [1, 2, 3, 8, 9, 10, 1000])).toEqual([
      1000, 2000, 4000, 128_000, 256_000, 300_000, 300_000,
    ]);
  });

  it('stays 0 when min is, however often', () => {
    expect(delays({ minBackoffMs: 0 }, [1, 2, 1100, 1e9])).toEqual([0, 0, 0, 0]);
  });

  it('grows by min up to max when linear', () => {
    expect(delays({ strategy: 'linear' }, [1, 2, 3, 299, 300, 301, 1e9])).toEqual([
      1000, 2000, 3000, 299_000, 300_000, 300_000, 300_000,
    ]);
  });

  it('stays at min when fixed', () => {
    expect(delays({ strategy: 'fixed' }, [1, 2, 1000])).toEqual([1000, 1000, 1000]);
  });

  it('follows the list, whose last entry repeats, whatever min and max', () => {
    const delaysMs = [5, 900_000, 0, 70];
    expect(delays({ strategy: 'list', delaysMs }, [1, 2, 3, 4, 5, 1000])).toEqual([
      5, 900_000, 0, 70, 70, 70,
    ]);
  });

  it.each(RETRY_STRATEGIES)('is spread by the jitter in both directions when %s', (strategy) => {
    const policy = { ...standard, strategy, delaysMs: [1000] };
    expect(retryDelayMs(policy, 1, 0)).toBe(900);
    expect(retryDelayMs(policy, 1, 0.999999)).toBe(1100);
  });

  it('stays within its bounds, give or take the jitter, whatever the numbers', () => {
    fc.assert(
      fc.property(anyPolicy, anyRetry, anyChance, (policy, retry, chance) => {
        const listed = policy.strategy === 'list';
        const least = listed ? Math.min(...policy.delaysMs!) : policy.minBackoffMs;
        const most = listed ? Math.max(...policy.delaysMs!) : policy.maxBackoffMs;
        const delay = retryDelayMs(policy, retry, chance);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(least * (1 - policy.jitter)));
        expect(delay).toBeLessThanOrEqual(Math.ceil(most * (1 + policy.jitter)));
      }),
    );
  });

  it('never shrinks from one retry to the next, but for a list', () => {
    const growing = anyPolicy.filter(({ strategy }) => strategy !== 'list');
    fc.assert(
      fc.property(growing, anyRetry, anyChance, (policy, retry, chance) => {
        expect(retryDelayMs(policy, retry + 1, chance)).toBeGreaterThanOrEqual(
          retryDelayMs(policy, retry, chance),
        );
      }),
    );
  });
});
