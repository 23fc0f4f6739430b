import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_STRATEGIES, type RetryPolicy } from '../task/retry-policy.js';
import { Faults } from './faults.js';
import { readRetry } from './read-retry.js';
import type { RetryRequest } from './retry.dto.js';

const defaults: RetryPolicy = {
  strategy: 'exponential',
  minBackoffMs: 1000,
  maxBackoffMs: 300_000,
  jitter: 0.1,
};

const duration = fc.oneof(
  fc.double({ min: 0, max: 2_592_000, noNaN: true }),
  fc.nat(720).map((hours) => `${hours}h`),
);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const anyRequest: fc.Arbitrary<RetryRequest> = fc.record(
  {
    strategy: orNull(fc.constantFrom(...RETRY_STRATEGIES)),
    min_backoff: orNull(duration),
    max_backoff: orNull(duration),
    delays: orNull(fc.array(duration, { minLength: 1, maxLength: 5 })),
    jitter: orNull(fc.double({ min: 0, max: 1, noNaN: true })),
    permanent_statuses: orNull(fc.array(fc.integer({ min: 300, max: 599 }), { maxLength: 5 })),
    max_age: orNull(fc.integer({ min: 1, max: 1e6 })),
  },
  { requiredKeys: [] },
);

describe('readRetry', () => {
  it('is the policy of the deployment when the request has none', () => {
    for (const request of [undefined, null, {}]) {
      expect(readRetry(request, defaults, new Faults())).toEqual(defaults);
    }
  });

  it('holds no member that says nothing', () => {
    const request = { permanent_statuses: [], max_age: null, delays: null };
    expect(Object.keys(readRetry(request, defaults, new Faults()))).toEqual(Object.keys(defaults));
  });

  it('names every fault at once', () => {
    const faults = new Faults();
    const request = { min_backoff: -1, delays: ['x'], permanent_statuses: [200, 404, 'x'], max_age: 0 };
    readRetry(request, defaults, faults);
    expect(faults.list.map(({ pointer }) => pointer)).toEqual([
      '/retry/min_backoff',
      '/retry/delays',
      '/retry/permanent_statuses/0',
      '/retry/permanent_statuses/2',
      '/retry/max_age',
    ]);
  });

  it.each<[RetryRequest, RetryPolicy]>([
    [{ strategy: 'list', delays: [1], min_backoff: 5, max_backoff: '1h' }, defaults],
    [
      { min_backoff: 5, max_backoff: 60 },
      { ...defaults, strategy: 'list', delaysMs: [1000] },
    ],
  ])('refuses bounds with strategy list, of the request or of the queue: %j', (request, policy) => {
    const faults = new Faults();
    readRetry(request, policy, faults);
    expect(faults.list.map(({ pointer }) => pointer)).toEqual(['/retry/min_backoff', '/retry/max_backoff']);
    expect(faults.list[0]?.detail).toContain('delays');
  });

  it('takes bounds with another strategy than the list of the queue', () => {
    const ofQueue = { ...defaults, strategy: 'list', delaysMs: [1000] } as const;
    const faults = new Faults();
    const policy = readRetry({ strategy: 'fixed', min_backoff: 5 }, ofQueue, faults);
    expect(faults.list).toEqual([]);
    expect(policy).toEqual({ ...defaults, strategy: 'fixed', minBackoffMs: 5000 });
  });

  it('gives a policy that holds together and survives JSON, or a fault', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const faults = new Faults();
        const policy = readRetry(request, defaults, faults);
        if (faults.list.length > 0) return;
        expect(policy.minBackoffMs).toBeLessThanOrEqual(policy.maxBackoffMs);
        expect(policy.delaysMs !== undefined).toBe(policy.strategy === 'list');
        expect(JSON.parse(JSON.stringify(policy))).toStrictEqual(policy);
      }),
    );
  });
});
