import { Redis } from 'ioredis';
import type { Config } from '../config/config.js';
import { databaseFault, isSentinelFault, replicaFault, sentinelFault } from './connect-fault.js';
import type { ConnectionLog } from './connection-log.js';
import type { ConnectionProfile } from './connection-profiles.js';
import { connectorTo } from './master-connector.js';
import { describeTarget, redisTarget } from './redis-target.js';

interface Opening {
  readonly config: Config;
  readonly log: ConnectionLog;
  /** Told of every fault, also of one that was told before. */
  readonly onFault: (fault: Error) => void;
}

/** Opens a connection, which is ready only with a Redis that can be used, and is tried again for as long as it takes. */
export function openConnection(name: string, profile: ConnectionProfile, opening: Opening): Redis {
  const { config } = opening;
  const target = redisTarget(config);
  /** What Redis said when the client chose the database; the client itself goes on, with another one. */
  let refusal: string | undefined;
  const connector = connectorTo((info) =>
    refusal === undefined ? replicaFault(config, info) : databaseFault(config, refusal),
  );
  const redis = new Redis({
    ...target,
    ...profile,
    ...(!target.sentinels && { Connector: connector }),
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
    const fault = isSentinelFault(error.message) ? sentinelFault(config, answers) : error;
    answers.clear();
    log.fault(name, fault);
    onFault(fault);
  };
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
