import type { RedisOptions } from 'ioredis';

export type ConnectionProfile = Omit<RedisOptions, 'replyMapping'>;

const upToASecond = (attempt: number): number => Math.min(attempt * 100, 1000);

const always = {
  connectTimeout: 2000,
  retryStrategy: upToASecond,
  // A master that has become a replica, or has lost its own, keeps its connections: only a new one finds its successor.
  reconnectOnError: (error: Error) => (/^(READONLY|NOREPLICAS)/.test(error.message) ? 1 : false),
  // A master that hangs keeps its connections, too, and nothing but the Sentinels tells that it was replaced.
  failoverDetector: true,
  sentinelCommandTimeout: 1000,
  sentinelRetryStrategy: upToASecond,
  // Of the connections to Sentinels that are told of a failover. By default a lost one is missed for a minute.
  sentinelReconnectStrategy: () => 1000,
} satisfies ConnectionProfile;

/**
 * For requests that a client waits for: an error at once when Redis is away, soon when it hangs.
 * Queueing commands for later would store a task that was already answered with 503.
 */
export const producerProfile: ConnectionProfile = {
  ...always,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 1500,
};

/**
 * For the worker, which has nobody to answer: it waits until Redis is back. Should nobody tell that the master was
 * replaced, silence does; it is longer than any blocking call.
 */
export const workerProfile: ConnectionProfile = {
  ...always,
  maxRetriesPerRequest: null,
  socketTimeout: 30_000,
};

/** For asking a replica: what it is asked when its connection ends goes over the next one, which is tried at once. */
export const replicaProfile: ConnectionProfile = {
  connectTimeout: 1000,
  // What hangs is not waited for, but tried again: it may have gone without ending its connections.
  socketTimeout: 1000,
  retryStrategy: (attempt) => (attempt === 1 ? 1 : 250),
  maxRetriesPerRequest: 1,
};
