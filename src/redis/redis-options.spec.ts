import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { describeTarget, redisTarget } from './redis-options.js';

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

  it('uses REDIS_PASSWORD unless the URL has one', () => {
    expect(target({ REDIS_ADDRESS: 'a:2', REDIS_PASSWORD: 'x' })).toMatchObject({ password: 'x' });
    expect(target({ REDIS_URL: 'redis://:y@u', REDIS_PASSWORD: 'x' })).toMatchObject({ password: 'y' });
  });

  it('reads IPv6 addresses', () => {
    expect(target({ REDIS_ADDRESS: '[::1]:6379' })).toEqual({ host: '::1', port: 6379 });
    expect(target({ REDIS_URL: 'redis://[::1]:6380' })).toMatchObject({ host: '::1', port: 6380 });
  });

  it('is described without its password', () => {
    expect(describeTarget(target({ REDIS_URL: 'redis://:secret@u:1/2' }))).toBe('u:1/2');
  });
});
