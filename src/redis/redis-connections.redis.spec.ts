import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { redisUrl } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { loadConfig } from '../config/load-config.js';
import { RedisMetric } from '../metrics/redis-metric.js';
import { HealthRegistry } from '../health/health-registry.js';
import { RedisConnections } from './redis-connections.js';
import { REPLICATED_WRITERS } from './writer-pool.js';

let health: HealthRegistry;
let open: RedisConnections[];
beforeEach(() => {
  Logger.overrideLogger(['error']);
  health = new HealthRegistry();
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((connections) => connections.close()));
});

function connect(environment: Record<string, string> = {}): RedisConnections {
  const connections = new RedisConnections(loadConfig({ REDIS_URL: redisUrl(), ...environment }), health);
  open.push(connections);
  return connections;
}

describe('connections to Redis', () => {
  it('count no error for telling the server what they are called, which not every Redis takes', async () => {
    const failed = vi.spyOn(RedisMetric.prototype, 'failed');
    const connections = connect();
    await connections.waitUntilReady();
    await connections.producer.ping();
    expect(failed).not.toHaveBeenCalled();
    await connections.producer.call('HGET', 'one').catch(() => undefined);
    expect(failed.mock.calls).toEqual([['HGET']]);
  });

  it('are opened again when the client has given one up, until they are closed', async () => {
    const connections = connect();
    await connections.waitUntilReady();
    const { producer } = connections;
    producer.disconnect();
    await until(() => producer.status === 'end');
    await until(() => producer.status === 'ready');
    const reopen = vi.spyOn(producer, 'connect');
    const ended = once(producer, 'end');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await connections.close();
      await ended;
      vi.runAllTimers();
    } finally {
      vi.useRealTimers();
    }
    expect(reopen).not.toHaveBeenCalled();
  });

  it('are one for reading and writing, and writers of their own where replicas are waited for', async () => {
    const alone = connect();
    expect(alone.writers).toHaveLength(1);
    await alone.write((redis) => {
      expect(redis).toBe(alone.producer);
      return Promise.resolve();
    });
    const replicated = connect({ DURABILITY: 'replica' });
    expect(replicated.writers).toHaveLength(REPLICATED_WRITERS);
    expect(replicated.writers).toBe(replicated.writers);
  });

  it('are ready only together, and say of Redis how safe tasks are with it', async () => {
    const connections = connect({ DURABILITY: 'replica' });
    const { writers } = connections;
    await connections.waitUntilReady();
    await until(async () => (await health.check('redis')).detail?.['persistence'] === 'none');
    const { up, detail } = await health.check('redis');
    expect(up).toBe(true);
    expect(detail).toMatchObject({ durability: 'replica', maxmemory_policy: 'noeviction' });
    expect(detail?.['warning']).toMatch(/appendonly no.* no replica/);
    expect(writers).toHaveLength(REPLICATED_WRITERS);
    expect(connections.blocking.status).not.toBe('ready');
    expect((await health.check('redis')).up).toBe(false);
    await until(async () => (await health.check('redis')).up);
  });

  it('say in one sentence that Redis did not answer', async () => {
    const connections = connect({
      REDIS_URL: 'redis://:secret@127.0.0.1:1',
      REDIS_CONNECT_RETRIES: '2',
      REDIS_RETRY_INTERVAL_SEC: '0.1',
    });
    await expect(connections.waitUntilReady()).rejects.toThrow(
      /^Redis at 127\.0\.0\.1:1 did not answer 2 times \(connect ECONNREFUSED 127\.0\.0\.1:1\)\. Check/,
    );
  });
});
