import { Redis } from 'ioredis';
import type { Config } from '../config/config.js';
import { withAdvice } from './connect-advice.js';
import {
  askedOf,
  databaseFault,
  isSentinelFault,
  sentinelFault,
  serverFault,
  UnusableRedis,
} from './connect-fault.js';
import type { ConnectionLog } from './connection-log.js';
import { type ConnectionProfile, replicaProfile } from './connection-profiles.js';
import { connectorTo } from './master-connector.js';
import type { Address } from './replication/replication-info.js';
import { describeTarget, redisTarget } from './redis-target.js';
import { type SentinelListener, sentinelConnectorTo } from './sentinel-connector.js';

interface Opening {
  readonly config: Config;
  readonly log: ConnectionLog;
  /** Told of every fault, also of one that was told before. */
  readonly onFault: (fault: Error) => void;
  /** Told of replicas that Sentinels know, each time one of them is asked for the master. */
  readonly onReplicas: (replicas: readonly Address[]) => void;
}

/** Opens a connection, which is ready only with a Redis that can be used, and is tried again for as long as it takes. */
export function openConnection(name: string, profile: ConnectionProfile, opening: Opening): Redis {
  const { config } = opening;
  const target = redisTarget(config);
  /** What Redis said when the client chose the database; the client itself goes on, with another one. */
  let refusal: string | undefined;
  const connector = target.sentinels
    ? sentinelConnectorTo(tellOfSentinels(opening))
    : connectorTo((info) =>
        refusal === undefined ? serverFault(config, info) : databaseFault(config, refusal),
      );
  const redis = new Redis({
    ...target,
    ...profile,
    Connector: connector,
    connectionName: `task-runner:${name}`,
  });
  redis.on('connect', () => {
    refusal = undefined;
  });
  const tell = tellOfChanges(name, redis, opening);
  redis.on('error', (error: Error) => {
    if (isAnswerToSelect(error)) refusal = error.message;
    else tell(error);
  });
  return redis;
}

/** Opens a connection to a replica, with what would open one to it if it were the master. */
export function openReplica(
  { host, port }: Address,
  { config, log }: Pick<Opening, 'config' | 'log'>,
): Redis {
  const { username, password, tls } = redisTarget(config);
  const name = `replica ${host}:${port}`;
  const redis = new Redis({
    host,
    port,
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls }),
    ...replicaProfile,
    connectionName: 'task-runner:replica',
  });
  redis.on('error', (error: Error) => {
    const { message } = withAdvice(error, askedOf(config));
    log.trouble(name, `${name} cannot be asked whether it was made the master: ${message}`);
  });
  redis.on('ready', () => {
    log.over(name);
  });
  return redis;
}

/** One of several that does not answer is no outage; that it is so should be known. */
function tellOfSentinels({ config, log, onReplicas }: Opening): SentinelListener {
  const asked = { isTls: config.redis.tls, isSentinel: true };
  return {
    onSentinelFault: (address, fault) => {
      const { reason, advice = 'Check the server and REDIS_SENTINEL_ADDR.' } = withAdvice(fault, asked);
      log.trouble(`Sentinel ${address}`, `Sentinel ${address} cannot be used (${reason}). ${advice}`);
    },
    onSentinelReady: (address) => {
      log.over(`Sentinel ${address}`);
    },
    onReplicas,
  };
}

/** @returns what is to be told of every error */
function tellOfChanges(
  name: string,
  redis: Redis,
  { config, log, onFault }: Opening,
): (error: Error) => void {
  const answers = new Set<string>();
  redis.on('sentinelError', ({ message }: Error) => {
    answers.add(message);
  });
  redis.on('ready', () => {
    log.ready(name, placeOf(redis, config));
  });
  return (error) => {
    const fault = isSentinelFault(error.message) ? sentinelFault(config, answers) : described(error, config);
    answers.clear();
    log.fault(name, fault);
    onFault(fault);
  };
}

function described(error: Error, config: Config): Error {
  return error instanceof UnusableRedis ? error : withAdvice(error, askedOf(config));
}

/** With Sentinel also which server is the master now. */
function placeOf(redis: Redis, config: Config): string {
  const { sentinels } = config.redis;
  const { remoteAddress = '', remotePort = '' } = sentinels.length > 0 ? redis.stream : {};
  return `${describeTarget(redisTarget(config))}${remoteAddress && `, at ${remoteAddress}:${remotePort},`}`;
}

function isAnswerToSelect(error: Error & { command?: { name?: string } }): boolean {
  return error.command?.name === 'select';
}
