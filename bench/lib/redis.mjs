import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedis } from '../../scripts/embedded-redis.mjs';

/**
 * A Redis server of its own for one measurement.
 *
 * @param {boolean} durable every write on disk before it is answered, else in memory only
 * @param {boolean} [replicated] with a replica
 */
export async function freshRedis(durable, replicated = false) {
  const server = await startRedis({ appendOnly: durable });
  const replica = replicated ? await replicaOf(server) : undefined;
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  client.on('error', () => {});
  const info = async (section, field) =>
    new RegExp(`^${field}:(.*)\r$`, 'm').exec(await client.info(section))?.[1] ?? '';
  return {
    url: server.url,
    pid: server.pid,
    replicaPid: replica?.pid,
    usedBytes: async () => Number(await info('memory', 'used_memory')),
    version: () => info('server', 'redis_version'),
    stop: async () => {
      client.disconnect();
      await replica?.stop();
      await server.stop();
    },
  };
}

/** A second server that has everything the first has. */
async function replicaOf(master) {
  const server = await startRedis({ appendOnly: false });
  const client = new Redis(server.url);
  await client.config('SET', 'masterauth', master.password);
  // The API asks it, after a failover, with the password of the master.
  await client.config('SET', 'requirepass', master.password);
  await client.replicaof('127.0.0.1', master.port);
  while (!(await client.info('replication')).includes('master_link_status:up')) await sleep(50);
  client.disconnect();
  return server;
}

/** @typedef {Awaited<ReturnType<typeof freshRedis>>} FreshRedis */
