import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';
import type { Config } from '../config/config.js';

/** Where Redis is, and how to get in; for Sentinel, who knows where it is. */
export type Target = Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'> &
  Pick<RedisOptions, 'sentinels' | 'name' | 'sentinelUsername' | 'sentinelPassword'> &
  Pick<RedisOptions, 'sentinelTLS' | 'enableTLSForSentinelMode'>;

/** The first that is set: Sentinels, `REDIS_URL`, `REDIS_ADDRESS`, `REDIS_HOST` and `REDIS_PORT`. */
export function redisTarget({ redis }: Config): Target {
  const { username, password } = redis;
  const account = {
    ...(username && { username }),
    ...(password && { password }),
    ...(redis.db > 0 && { db: redis.db }),
  };
  if (redis.sentinels.length > 0) return { ...account, ...throughSentinel(redis) };
  const tls = redis.tls && { tls: {} };
  if (redis.url) return { ...account, ...tls, ...fromUrl(new URL(redis.url)) };
  return { ...account, ...tls, ...hostAndPort(redis.address || `${redis.host}:${redis.port}`) };
}

/**
 * Whether what is stored counts only when a replica has it. Sentinel makes a replica the master; it must not be one
 * that lacks what was acknowledged.
 */
export function needsReplica({ redis }: Config): boolean {
  return redis.durability === 'auto' ? redis.sentinels.length > 0 : redis.durability === 'replica';
}

/** For log lines: where, without the password. */
export function describeTarget({ host, port, db, sentinels, name }: Target): string {
  if (!sentinels) return `${host ?? ''}:${port ?? ''}${db ? `/${db}` : ''}`;
  const addresses = sentinels.map((sentinel) => `${sentinel.host ?? ''}:${sentinel.port ?? ''}`);
  return `${name ?? ''} of Sentinel ${addresses.join(', ')}`;
}

function throughSentinel(redis: Config['redis']): Target {
  const { sentinelUsername, sentinelPassword } = redis;
  return {
    sentinels: redis.sentinels.map(hostAndPort),
    name: redis.masterName,
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
    ...(redis.tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  };
}

function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}

function fromUrl(url: URL): Target {
  const db = Number(url.pathname.slice(1) || 0);
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number.isInteger(db) ? db : 0,
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: serverName(url.hostname) }),
  };
}

/** An address has none; the certificate is then compared with the address. */
function serverName(host: string): { servername?: string } {
  return isIP(host.replace(/^\[|\]$/g, '')) === 0 ? { servername: host } : {};
}
