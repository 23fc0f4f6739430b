import { describe, expect, it } from 'vitest';
import { withSettings } from './client-settings.js';
import { type Client, type ClientRecord, readClient } from './client.js';

const client = (record: Partial<ClientRecord> = {}): Client => {
  const whole = {
    tier: 'basic',
    enabled: true,
    registeredBy: 'admin',
    createdAt: 1,
    updatedAt: 1,
    ...record,
  };
  return readClient('a', [JSON.stringify(whole), '', '1']);
};

describe('a client as an admin wants it', () => {
  it('is enabled and free when nothing is said of a new one', () => {
    expect(withSettings(undefined, {}, 5)).toEqual({
      tier: 'free',
      enabled: true,
      registeredBy: 'itself',
      createdAt: 5,
      updatedAt: 5,
    });
  });

  it('keeps what is not named', () => {
    const before = client({ enabled: false, overrides: { maxConcurrent: 3 }, maxAlive: 9 });
    expect(withSettings(before, { tier: 'premium' }, 5)).toEqual({
      ...before.record,
      tier: 'premium',
      updatedAt: 5,
    });
  });

  it('has one limit of its own, and that of its tier again when it is null', () => {
    const own = withSettings(client(), { requestsPerMinute: 7, maxConcurrent: 8 }, 5);
    expect(own.overrides).toEqual({ requestsPerMinute: 7, maxConcurrent: 8 });
    const less = withSettings(client(own), { requestsPerMinute: null }, 5);
    expect(less.overrides).toEqual({ maxConcurrent: 8 });
    expect(withSettings(client(less), { maxConcurrent: null }, 5)).not.toHaveProperty('overrides');
    expect(withSettings(client({ maxAlive: 4 }), { maxAlive: null }, 5)).not.toHaveProperty('maxAlive');
  });
});

describe('the limits of a client', () => {
  it('are those of its tier, but for its own', () => {
    expect(client().limits).toEqual({ requestsPerMinute: 100, maxConcurrent: 5 });
    expect(client({ overrides: { maxConcurrent: 7 } }).limits).toEqual({
      requestsPerMinute: 100,
      maxConcurrent: 7,
    });
  });

  it('are as the tier was changed, also to none', () => {
    const record = JSON.stringify(client().record);
    expect(readClient('a', [record, '{"maxConcurrent":1,"updatedAt":3}', '1']).limits).toEqual({
      maxConcurrent: 1,
    });
  });
});
