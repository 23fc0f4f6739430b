import { describe, expect, it } from 'vitest';
import { Config } from './config.js';
import { ConfigError, loadConfig } from './load-config.js';
import { settingsOf } from './setting.js';

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has the documented defaults when nothing is set', () => {
    expect(loadConfig({})).toMatchObject({
      service: { mode: 'both', port: 8080, logLevel: 'info', shutdownTimeoutSec: 25 },
      delivery: { concurrency: 10, timeoutSec: 1800, maxRetry: 5, retryAfterMaxSec: 3600 },
      outgoing: { allowPrivateUrls: false },
      circuitBreaker: { maxRequests: 3, intervalSec: 60, timeoutSec: 30, failureThreshold: 5 },
      redis: { connectRetries: 30, retryIntervalSec: 2 },
    });
  });

  it('reads numbers, switches and lists as what they are', () => {
    const config = loadConfig({
      PORT: '9000',
      ALLOW_PRIVATE_URLS: 'true',
      ALLOW_LOOPBACK_URLS: '0',
      ALLOWED_HOSTS: 'localhost, 127.0.0.1',
      RETRY_JITTER: '0.25',
    });
    expect(config).toMatchObject({
      service: { port: 9000, allowedHosts: ['localhost', '127.0.0.1'] },
      outgoing: { allowPrivateUrls: true, allowLoopbackUrls: false },
      delivery: { retryJitter: 0.25 },
    });
  });

  it('takes an empty variable as not set', () => {
    expect(loadConfig({ PORT: '', MODE: ' ' })).toMatchObject({ service: { port: 8080, mode: 'both' } });
  });

  it('reads an alias unless the setting itself is there', () => {
    expect(loadConfig({ REDIS_ADDR: 'a:1' }).redis.address).toBe('a:1');
    expect(loadConfig({ REDIS_ADDR: 'a:1', REDIS_ADDRESS: 'b:2' }).redis.address).toBe('b:2');
  });

  it.each([
    ['http://user:s3cret@otel:4318', 'http://…@otel:4318'],
    ['user:s3/cr@et@otel:4318', '…@otel:4318'],
    ['https://s3cret@otel', 'https://…@otel'],
    ['http://otel:4318/v1?token=s3cret', 'http://otel:4318/v1?…'],
  ])('repeats nothing that is secret in a wrong URL: %s', (given, shown) => {
    expect(faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: given })).toEqual([
      `OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL without credentials, or host:port (got "${shown}")`,
    ]);
  });

  it('refuses bounds that let nothing of a kind through', () => {
    expect(faultsOf({ MAX_BATCH_BYTES: '2000' })).toEqual([
      'MAX_BATCH_BYTES must not be less than MAX_REQUEST_BYTES',
    ]);
    expect(faultsOf({ MAX_BODIES_BYTES: '2000' })).toEqual([
      'MAX_BODIES_BYTES must not be less than MAX_BATCH_BYTES',
    ]);
  });

  it('takes numbers that begin with a digit', () => {
    expect(loadConfig({ SHUTDOWN_TIMEOUT_SEC: '0.3' }).service.shutdownTimeoutSec).toBe(0.3);
    for (const text of ['.3', '3.', '1e3', '+3']) {
      expect(faultsOf({ SHUTDOWN_TIMEOUT_SEC: text })).toEqual([
        `SHUTDOWN_TIMEOUT_SEC must be a number from 0 to 86400, like 0.5 (got "${text}")`,
      ]);
    }
  });

  it('takes a weak admin key for development only, and never repeats it', () => {
    expect(faultsOf({ ADMIN_API_KEY: 'x' })).toEqual([]);
    expect(faultsOf({ ADMIN_API_KEY: 'x', NODE_ENV: 'production' })).toEqual([
      'ADMIN_API_KEY has fewer than 16 characters; in production take one of: openssl rand -hex 32',
    ]);
    expect(faultsOf({ ADMIN_API_KEY: 'please-change-me-soon', NODE_ENV: 'production' })).toEqual([
      'ADMIN_API_KEY holds words that are tried first; in production take one of: openssl rand -hex 32',
    ]);
    expect(faultsOf({ ADMIN_API_KEY: 'correct-horse-battery', NODE_ENV: 'production' })).toEqual([]);
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual([]);
  });

  it('reads who may enqueue, and as whom', () => {
    expect(loadConfig({})).toMatchObject({
      clients: { authMode: 'auto', unknownTier: 'free', maxRegistered: 100_000, idleDays: 30 },
      admin: { auditMaxEntries: 10_000 },
    });
    expect(loadConfig({ AUTH_MODE: 'key', UNKNOWN_CLIENT_TIER: 'none' })).toMatchObject({
      clients: { authMode: 'key', unknownTier: 'none' },
    });
    const wrong = {
      AUTH_MODE: 'closed',
      UNKNOWN_CLIENT_TIER: 'Gold!',
      CLIENTS_MAX: '0',
      CLIENT_IDLE_DAYS: 'never',
      AUDIT_MAX_ENTRIES: '10',
    };
    const faults = faultsOf(wrong);
    for (const name of Object.keys(wrong))
      expect(
        faults.some((fault) => fault.includes(name)),
        name,
      ).toBe(true);
  });

  it('reads origins as browsers write them, and nothing else', () => {
    const origins = ['https://ops.example.com', 'http://localhost:3000', 'http://[::1]:8080'];
    expect(loadConfig({ ALLOWED_ORIGINS: origins.join(', ') }).service.allowedOrigins).toEqual(origins);
    for (const wrong of [
      '*',
      'null',
      'ops.example.com',
      'https://a.example/',
      'https://A.example',
      'ws://a',
    ]) {
      expect(faultsOf({ ALLOWED_ORIGINS: wrong })).toEqual([
        expect.stringMatching(/^ALLOWED_ORIGINS must be a comma list of origins/),
      ]);
    }
  });

  it('reads the Sentinels and what a task must have reached', () => {
    const { redis } = loadConfig({ REDIS_SENTINEL_ADDR: 'a:1, b:2', DURABILITY: 'master' });
    expect(redis).toMatchObject({ sentinels: ['a:1', 'b:2'], masterName: 'mymaster', durability: 'master' });
    expect(loadConfig({}).redis).toMatchObject({ sentinels: [], durability: 'auto', tls: false });
    expect(faultsOf({ REDIS_SENTINEL_ADDR: 'a:1,b', DURABILITY: 'all' })).toEqual([
      expect.stringMatching(/^REDIS_SENTINEL_ADDR must be host:port .*or a comma list/),
      expect.stringMatching(/^DURABILITY must be one of auto, replica, master/),
    ]);
  });

  it('lists every fault at once, by the name of the variable and what was given', () => {
    const faults = faultsOf({
      MODE: 'woker',
      PORT: '80a',
      WORKER_CONCURRENCY: '0',
      ALLOW_PRIVATE_URLS: 'yes',
      REDIS_URL: 'http://x',
      TASK_TIMEOUT_SEC: '90000',
      DENY_CIDRS: '10.0.0.0/8,oops',
    });
    expect(faults).toHaveLength(7);
    expect(faults).toEqual(
      expect.arrayContaining([
        'MODE must be one of api, worker, both (got "woker")',
        'PORT must be a whole number from 0 to 65535 (got "80a")',
        'WORKER_CONCURRENCY must be a whole number from 1 to 10000 (got "0")',
        'ALLOW_PRIVATE_URLS must be true or false (got "yes")',
        'DENY_CIDRS must be a comma list of addresses or ranges like 10.0.0.0/8 (got "10.0.0.0/8,oops")',
        'TASK_TIMEOUT_SEC must not be greater than MAX_TASK_TIMEOUT_SEC',
      ]),
    );
  });

  it.each([
    '999.1.1.1/8',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'fd00::/129',
    'localhost',
    '10.0.0.0/8,',
    'fe80::1%eth0/64',
    'fe80::1%eth0',
  ])('refuses the address range %j', (ranges) => {
    expect(faultsOf({ DENY_CIDRS: ranges }).join()).toMatch(/^DENY_CIDRS must be a comma list of addresses/);
  });

  it('refuses a worker id that no path can have, and a silence into which two signs of life do not fit', () => {
    expect(faultsOf({ WORKER_ID: 'a/b' }).join()).toMatch(/^WORKER_ID must be 1 to 128 letters/);
    expect(faultsOf({ WORKER_TIMEOUT_SEC: '9' })).toEqual([
      'WORKER_TIMEOUT_SEC must be at least twice WORKER_HEARTBEAT_SEC',
    ]);
    expect(faultsOf({ WORKER_TIMEOUT_SEC: '10', WORKER_ID: 'eu-1.worker_2' })).toEqual([]);
  });

  it('takes single addresses and ranges of both families', () => {
    expect(faultsOf({ DENY_CIDRS: '10.1.2.3, 10.0.0.0/8,fd00::/8,::1' })).toEqual([]);
  });

  it('says of every setting in one sentence what it must be', () => {
    const wrong = { BIND_ADDRESS: 'here', RETRY_JITTER: '2', TASK_TIMEOUT_SEC: 'x', LOG_LEVEL: 'all' };
    expect(faultsOf(wrong)).toEqual([
      'BIND_ADDRESS must be an IPv4 or IPv6 address (got "here")',
      'LOG_LEVEL must be one of debug, info, warn, error (got "all")',
      'TASK_TIMEOUT_SEC must be a number of at least 0.001, like 0.5 (got "x")',
      'RETRY_JITTER must be a number from 0 to 1, like 0.5 (got "2")',
    ]);
  });

  it.each(['localhost:8080', '[::1]:8080', '::1', '[localhost]', 'a b', 'http://a', 'localhost,'])(
    'refuses the allowed host %j',
    (hosts) => {
      expect(faultsOf({ ALLOWED_HOSTS: hosts })).toEqual([
        `ALLOWED_HOSTS must be a comma list of host names without ports, like localhost,192.0.2.1,[::1] (got "${hosts}")`,
      ]);
    },
  );

  it('takes names and addresses of both families as allowed hosts', () => {
    expect(faultsOf({ ALLOWED_HOSTS: 'localhost, my_host.internal,10.0.0.1,[::1]' })).toEqual([]);
  });

  it.each([
    'redis://localhost',
    'rediss://cache.example:6380/3',
    'redis://my_redis:6379',
    'redis://user:p%40ss@[::1]:1/0',
    'redis://:pass@10.0.0.1:65535/',
  ])('takes the Redis URL %s', (url) => {
    expect(faultsOf({ REDIS_URL: url })).toEqual([]);
  });

  it.each([
    ['hunter2', 'must begin with redis:// or rediss://'],
    ['http://:hunter2@x', 'must begin with redis://'],
    ['redis://', 'must name a host'],
    ['redis://:hunter2@:6379', 'must name a host'],
    ['redis://:hunter2@x:0', 'must have a port from 1 to 65535'],
    ['redis://:hunter2@x:65536', 'must have a port from 1 to 65535'],
    ['redis://:hunter2@x:6379a', 'must have a port from 1 to 65535'],
    ['redis://:hunter2@x/abc', 'must have a whole number as its database'],
    ['redis://:hunter2@x/1/2', 'must have a whole number as its database'],
    ['redis://:hunter2@x/-1', 'must have a whole number as its database'],
    ['redis://:hunter2%@x', 'must have special characters percent-encoded'],
    ['redis://:hunter2@x y', 'must be a URL like redis://'],
  ])('refuses the Redis URL %s and says why without repeating it', (url, why) => {
    const faults = faultsOf({ REDIS_URL: url }).join();
    expect(faults).toContain(`REDIS_URL ${why}`);
    expect(faults).not.toContain('hunter2');
  });

  it.each([
    ['REDIS_ADDRESS', 'cache:0'],
    ['REDIS_ADDRESS', 'cache:65536'],
    ['REDIS_ADDRESS', 'cache'],
    ['REDIS_ADDRESS', '::1:6379'],
    ['REDIS_HOST', 'my cache'],
    ['REDIS_HOST', 'cache:6379'],
    ['REDIS_HOST', '::1'],
    ['REDIS_HOST', '[cache]'],
    ['ADMIN_API_KEY', 'schl\u00fcssel'],
    ['ADMIN_API_KEY', 'a\tb'],
    ['ADMIN_API_KEY', 'a'.repeat(513)],
  ])('refuses %s=%j', (name, value) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} must be `));
  });

  it.each([
    ['REDIS_ADDRESS', '[::1]:65535'],
    ['REDIS_ADDRESS', 'my_cache:1'],
    ['REDIS_HOST', '[fd00::1]'],
    ['REDIS_HOST', 'my_cache.internal'],
    ['ADMIN_API_KEY', 'correct horse ~!'],
  ])('takes %s=%j', (name, value) => {
    expect(faultsOf({ [name]: value })).toEqual([]);
  });

  it('binds every property of every group', () => {
    for (const group of Object.values(new Config()) as object[]) {
      expect(settingsOf(group.constructor).map(({ property }) => property)).toEqual(Object.keys(group));
    }
  });
});
