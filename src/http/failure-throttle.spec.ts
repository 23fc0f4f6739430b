import { describe, expect, it } from 'vitest';
import { FailureThrottle } from './failure-throttle.js';

describe('FailureThrottle', () => {
  it('lets an address fail up to the limit, then makes it wait until its window ends', () => {
    const throttle = new FailureThrottle(3, 60_000);
    for (const at of [0, 1000, 2000]) {
      expect(throttle.retryAfterMs('a', at)).toBe(0);
      throttle.record('a', at);
    }
    expect(throttle.retryAfterMs('a', 10_000)).toBe(50_000);
    expect(throttle.retryAfterMs('a', 60_000)).toBe(0);
  });

  it('does not make others wait', () => {
    const throttle = new FailureThrottle(1, 60_000);
    throttle.record('a', 0);
    expect(throttle.retryAfterMs('b', 0)).toBe(0);
  });

  it('remembers a bounded number of addresses', () => {
    const throttle = new FailureThrottle(1, 60_000);
    for (let n = 0; n <= 10_000; n++) throttle.record(`a${n}`, 0);
    expect(throttle.retryAfterMs('a0', 1)).toBe(0);
    expect(throttle.retryAfterMs('a10000', 1)).toBeGreaterThan(0);
  });
});
