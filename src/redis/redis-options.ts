import type { RedisOptions } from 'ioredis';
import type { Config } from '../config/config.js';

type Target = Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'>;
export type ConnectionProfile = Omit<RedisOptions, 'replyMapping'>;

/** Where Redis is: `REDIS_URL`, else `REDIS_ADDRESS`, else `REDIS_HOST` and `REDIS_PORT`. */
export function redisTarget({ redis }: Config): Target {
  const password = redis.password ? { password: redis.password } : {};
  if (redis.url) return { ...password, ...fromUrl(new URL(redis.url)) };
  const address = redis.address || `${redis.host}:${redis.port}`;
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { ...password, host, port: Number(address.slice(colon + 1)) };
}

function fromUrl(url: URL): Target {
  const db = Number(url.pathname.slice(1) || 0);
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number.isInteger(db) ? db : 0,
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: { servername: url.hostname } }),
  };
}

/** For log lines: where, without the password. */
export function describeTarget({ host, port, db }: Target): string {
  return `${host ?? ''}:${port ?? ''}${db ? `/${db}` : ''}`;
}

const reconnect = {
  connectTimeout: 2000,
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 1000),
} satisfies ConnectionProfile;

/**
 * For requests that a client waits for: an error at once when Redis is away, within three seconds when it hangs.
 * Queueing commands for later would store a task that was already answered with 503.
 */
export const producerProfile: ConnectionProfile = {
  ...reconnect,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 3000,
};

/** For the worker, which has nobody to answer: it waits until Redis is back. */
export const workerProfile: ConnectionProfile = { ...reconnect, maxRetriesPerRequest: null };
