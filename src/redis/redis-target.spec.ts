import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { describeTarget, needsReplica, redisTarget } from './redis-target.js';

const target = (environment: Record<string, string>) => redisTarget(loadConfig(environment));

describe('where Redis is', () => {
  it('is localhost:6379 when nothing is set', () => {
    expect(target({})).toEqual({ host: 'localhost', port: 6379 });
  });

  it('takes the first of URL, address, host and port', () => {
    const all = { REDIS_HOST: 'h', REDIS_PORT: '1', REDIS_ADDRESS: 'a:2', REDIS_URL: 'redis://u:3' };
    expect(target(all)).toMatchObject({ host: 'u', port: 3 });
    expect(target({ ...all, REDIS_URL: '' })).toMatchObject({ host: 'a', port: 2 });
    expect(target({ REDIS_HOST: 'h', REDIS_PORT: '1' })).toEqual({ host: 'h', port: 1 });
  });

  it('reads user, password, database and TLS from the URL', () => {
    expect(target({ REDIS_URL: 'rediss://me:p%40ss@redis.example/3' })).toEqual({
      host: 'redis.example',
      port: 6379,
      db: 3,
      username: 'me',
      password: 'p@ss',
      tls: { servername: 'redis.example' },
    });
  });

  it('gives TLS no name to ask for where there is only an address', () => {
    expect(target({ REDIS_URL: 'rediss://10.0.0.1' })).toMatchObject({ host: '10.0.0.1', tls: {} });
    expect(target({ REDIS_URL: 'rediss://10.0.0.1' }).tls).not.toHaveProperty('servername');
    expect(target({ REDIS_URL: 'rediss://[::1]' }).tls).toEqual({});
  });

  it('uses REDIS_PASSWORD unless the URL has one', () => {
    expect(target({ REDIS_ADDRESS: 'a:2', REDIS_PASSWORD: 'x' })).toMatchObject({ password: 'x' });
    expect(target({ REDIS_URL: 'redis://:y@u', REDIS_PASSWORD: 'x' })).toMatchObject({ password: 'y' });
  });

  it('reads IPv6 addresses', () => {
    expect(target({ REDIS_ADDRESS: '[::1]:6379' })).toEqual({ host: '::1', port: 6379 });
    expect(target({ REDIS_URL: 'redis://[::1]:6380' })).toMatchObject({ host: '::1', port: 6380 });
  });

  it('is what the Sentinels say, before all else', () => {
    const all = {
      REDIS_URL: 'redis://u:3',
      REDIS_SENTINEL_ADDR: 's1:26379, [::1]:26380',
      REDIS_SENTINEL_PASSWORD: 'sp',
      REDIS_USERNAME: 'me',
      REDIS_PASSWORD: 'x',
    };
    const expected = {
      sentinels: [
        { host: 's1', port: 26379 },
        { host: '::1', port: 26380 },
      ],
      name: 'mymaster',
      sentinelPassword: 'sp',
      username: 'me',
      password: 'x',
    };
    expect(target(all)).toEqual(expected);
    expect(target({ ...all, REDIS_MASTER_NAME: 'tasks', REDIS_TLS: 'true' })).toEqual({
      ...expected,
      name: 'tasks',
      tls: {},
      sentinelTLS: {},
      enableTLSForSentinelMode: true,
    });
    expect(describeTarget(target(all))).toBe('mymaster of Sentinel s1:26379, ::1:26380');
  });

  it('is spoken to over TLS when that is said', () => {
    expect(target({ REDIS_ADDRESS: 'a:2', REDIS_TLS: 'true' })).toEqual({ host: 'a', port: 2, tls: {} });
  });

  it('is described without its password', () => {
    expect(describeTarget(target({ REDIS_URL: 'redis://:secret@u:1/2' }))).toBe('u:1/2');
  });
});

describe('whether a task counts only when a replica has it', () => {
  it.each([
    [{}, false],
    [{ REDIS_SENTINEL_ADDR: 's:1' }, true],
    [{ REDIS_SENTINEL_ADDR: 's:1', DURABILITY: 'master' }, false],
    [{ REDIS_URL: 'redis://u', DURABILITY: 'replica' }, true],
  ])('with %j: %s', (environment: Record<string, string>, expected) => {
    expect(needsReplica(loadConfig(environment))).toBe(expected);
  });
});

it('takes REDIS_DB where no URL names a database', () => {
  expect(redisTarget(loadConfig({ REDIS_DB: '3' })).db).toBe(3);
  expect(redisTarget(loadConfig({ REDIS_DB: '3', REDIS_ADDR: 'a:1' })).db).toBe(3);
  expect(redisTarget(loadConfig({ REDIS_DB: '3', REDIS_URL: 'redis://a/1' })).db).toBe(1);
});
