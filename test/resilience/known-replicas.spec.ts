import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { HealthRegistry } from '../../src/health/health-registry.js';
import { RedisConnections } from '../../src/redis/redis-connections.js';
import { SentinelCluster } from '../support/sentinel-cluster.js';
import { until } from '../support/until.js';

let cluster: SentinelCluster;
let connections: RedisConnections;
beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  cluster = await SentinelCluster.start();
});
afterEach(async () => {
  await connections.close();
  await cluster.stop();
});

it('a process that is started when a replica was promoted already knows of it from the Sentinels', async () => {
  const [promoted, other] = cluster.replicas;
  await promoted!.ask((redis) => redis.replicaof('NO', 'ONE'));
  connections = new RedisConnections(loadConfig(cluster.environment), new HealthRegistry());
  expect(connections.writers.length).toBeGreaterThan(0);
  await connections.waitUntilReady();
  const write = connections.write((redis) => redis.set('{tr}:key', 'value'));
  await expect(write).rejects.toThrow(`:${promoted!.port}, a replica before, is a master, too`);
  expect(await other!.ask((redis) => redis.get('{tr}:key'))).toBe('value');
  // The Sentinels make it a replica again, as nobody has told them to do otherwise.
  const again = () => connections.write((redis) => redis.set('{tr}:key', 'again'));
  await until(again, { timeoutMs: 60_000, every: 500 });
  expect(await promoted!.ask((redis) => redis.get('{tr}:key'))).toBe('again');
});
