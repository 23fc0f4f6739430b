import type { Config } from '../config/config.js';
import { type Asked, withAdvice } from './connect-advice.js';
import type { ServerInfo } from './master-connector.js';
import { describeTarget, redisTarget } from './redis-target.js';

/** Redis cannot be used as it is set up; the message says what to do, and holds no password. */
export class UnusableRedis extends Error {
  /** @param isFinal whether waiting is no use */
  constructor(
    message: string,
    readonly isFinal: boolean,
  ) {
    super(message);
  }
}

/** The client would go on with database 0. */
export function databaseFault(config: Config, answer: string): UnusableRedis {
  const { db = 0, ...server } = redisTarget(config);
  return new UnusableRedis(
    `Redis at ${describeTarget(server)} refuses database ${db} (${answer}). ` +
      'Let REDIS_URL end in one that it has, such as /0, or raise "databases" in the configuration of Redis.',
    true,
  );
}

/** @param refused the commands, or what Redis said */
export function commandsFault(config: Config, refused: string): UnusableRedis {
  const target = redisTarget(config);
  const where = `Redis at ${describeTarget(target)}`;
  const user = target.username ?? 'default';
  const words = refused.includes('unknown command')
    ? `${where} is none that can run scripts (${refused.trim()}). Name one in the settings; some proxies cannot, either.`
    : `${where} does not let the user "${user}" do what is needed (${refused}). Let it: ` +
      `ACL SETUSER ${user} ~{tr}:* +@all -@dangerous +info. Or set REDIS_USERNAME to one that may.`;
  return new UnusableRedis(words, true);
}

/** What is wrong with the server at the other end, as it describes itself. */
export function serverFault(config: Config, info: ServerInfo): UnusableRedis | undefined {
  if (info.redis_mode !== 'sentinel') return replicaFault(config, info);
  return new UnusableRedis(
    `Redis at ${describeTarget(redisTarget(config))} is a Sentinel. Set REDIS_SENTINEL_ADDR to it, and leave out ` +
      `${addressSetting(config)}; the name of its master is REDIS_MASTER_NAME.`,
    true,
  );
}

/** What a replica is told is gone at its next word with its master, if it takes it at all. */
function replicaFault(config: Config, info: ServerInfo): UnusableRedis | undefined {
  if (info.role !== 'slave') return undefined;
  const { master_host: host = 'unknown', master_port: port = '' } = info;
  return new UnusableRedis(
    `Redis at ${describeTarget(redisTarget(config))} is a replica, which takes no tasks; its master is ${host}:${port}. ` +
      `Set ${addressSetting(config)} to the master, or REDIS_SENTINEL_ADDR to Sentinels, which know it after a failover, too.`,
    false,
  );
}

/** @param answers what each Sentinel said, as the client reports it; without any, nothing is known but that */
export function sentinelFault({ redis }: Config, answers: Iterable<string>): UnusableRedis {
  const said = [...answers]
    .map((report) => sentinelAnswer(report, redis.tls))
    .toSorted()
    .join(', ');
  return new UnusableRedis(
    `No Sentinel tells where the master "${redis.masterName}" is (${said || redis.sentinels.join(', ')}). ` +
      'Check REDIS_SENTINEL_ADDR, REDIS_MASTER_NAME and REDIS_SENTINEL_PASSWORD.',
    false,
  );
}

/** Whether the client has asked all Sentinels in vain; how long it waits now is part of its words. */
export const isSentinelFault = (message: string): boolean =>
  message.startsWith('All sentinels are unreachable');

/** For advice on a connection to Redis itself. */
export const askedOf = (config: Config): Asked => ({
  isTls: redisTarget(config).tls !== undefined,
  isSentinel: false,
});

function sentinelAnswer(report: string, isTls: boolean): string {
  const [, address = report, words = ''] = /sentinel (\S+:\d+) (.*)/.exec(report) ?? [];
  const said = /^because (.*)/.exec(words)?.[1];
  if (said === undefined) return `${address}: does not know it`;
  const { reason } = withAdvice(new Error(said), { isTls, isSentinel: true });
  return `${address}: ${reason === 'Connection is closed.' ? 'cannot be reached' : reason}`;
}

function addressSetting({ redis }: Config): string {
  if (redis.url) return 'REDIS_URL';
  return redis.address ? 'REDIS_ADDRESS' : 'REDIS_HOST and REDIS_PORT';
}
