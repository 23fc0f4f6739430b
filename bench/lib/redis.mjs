import { Redis } from 'ioredis';
import { startRedis } from '../../scripts/embedded-redis.mjs';

/**
 * A Redis server of its own for one measurement.
 *
 * @param {boolean} durable every write on disk before it is answered, else in memory only
 */
export async function freshRedis(durable) {
  const server = await startRedis({ appendOnly: durable });
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  client.on('error', () => {});
  const info = async (section, field) =>
    new RegExp(`^${field}:(.*)\r$`, 'm').exec(await client.info(section))?.[1] ?? '';
  return {
    url: server.url,
    pid: server.pid,
    usedBytes: async () => Number(await info('memory', 'used_memory')),
    version: () => info('server', 'redis_version'),
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof freshRedis>>} FreshRedis */
