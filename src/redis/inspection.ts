import type { Redis } from 'ioredis';
import type { Config } from '../config/config.js';
import { needsReplica, redisTarget } from './redis-target.js';

/** What was found out about the Redis that is in use. */
export interface Inspection {
  readonly detail: Readonly<Record<string, string>>;
  /** What an operator should change, each in one sentence or two. */
  readonly warnings: readonly string[];
  /** The same, for the log only: it would help an attacker. */
  readonly openDoors: readonly string[];
}

export const NOTHING_FOUND: Inspection = { detail: {}, warnings: [], openDoors: [] };

const IDLE_PASSWORD =
  'Redis asks for no password, though one is set here: whoever reaches it can read and change tasks. Set requirepass in Redis.';

/** How a Redis keeps what it was given. Nothing = it would not say. */
export interface Keeping {
  readonly appendOnly: boolean | undefined;
  readonly appendFsync: string | undefined;
  readonly evictionPolicy: string | undefined;
  readonly replicas: number | undefined;
}

/** Asks a Redis how safe tasks are with it. A managed one may forbid to ask; then less is known. */
export async function inspect(redis: Redis, config: Config): Promise<Inspection> {
  const keeping = await askHowItKeeps(redis);
  const isReplicated = needsReplica(config);
  const persistence = keeping.appendOnly ? `appendonly, fsync ${keeping.appendFsync ?? 'unknown'}` : 'none';
  return {
    detail: {
      durability: isReplicated ? 'replica' : 'master',
      persistence: keeping.appendOnly === undefined ? 'unknown' : persistence,
      maxmemory_policy: keeping.evictionPolicy ?? 'unknown',
    },
    warnings: warningsOf(keeping, { isReplicated, isChosen: config.redis.durability !== 'auto' }),
    openDoors: (await isPasswordIdle(redis, config)) ? [IDLE_PASSWORD] : [],
  };
}

/**
 * Whether Redis lets everybody in, and the password is for nothing. It says so of itself only to one who gives a
 * password without a user's name, which the client does not.
 */
async function isPasswordIdle(redis: Redis, config: Config): Promise<boolean> {
  const { username = 'default', password } = redisTarget(config);
  if (password === undefined || username !== 'default') return false;
  const answer = await redis.auth(password).catch((error: unknown) => error);
  return answer instanceof Error && /without any password configured|no password is set/.test(answer.message);
}

async function askHowItKeeps(redis: Redis): Promise<Keeping> {
  const info = await redis.info().catch(() => '');
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const aof = field('aof_enabled');
  const replicas = field('connected_slaves');
  return {
    appendOnly: aof === undefined ? undefined : aof === '1',
    appendFsync: await appendFsyncOf(redis),
    evictionPolicy: field('maxmemory_policy'),
    replicas: replicas === undefined ? undefined : Number(replicas),
  };
}

async function appendFsyncOf(redis: Redis): Promise<string | undefined> {
  try {
    const [, value] = await redis.config('GET', 'appendfsync');
    return value;
  } catch {
    return undefined;
  }
}

interface Durability {
  readonly isReplicated: boolean;
  /** Whether somebody said so, rather than `auto`. */
  readonly isChosen: boolean;
}

/** What is wrong with how Redis keeps tasks, in the words for the log. */
export function warningsOf(keeping: Keeping, durability: Durability): string[] {
  const found = [
    persistenceFault(keeping, durability),
    evictionFault(keeping),
    replicaFault(keeping, durability),
  ];
  return found.filter((fault) => fault !== undefined);
}

function persistenceFault({ appendOnly, appendFsync }: Keeping, durability: Durability): string | undefined {
  if (appendOnly === false) {
    return 'Redis has appendonly no: when it restarts, all tasks are lost. Set appendonly yes.';
  }
  if (durability.isReplicated || appendFsync === undefined || appendFsync === 'always') return undefined;
  return `Redis has appendfsync ${appendFsync}: a loss of power may lose acknowledged tasks of the last second or two. Set appendfsync always.`;
}

function evictionFault({ evictionPolicy = 'noeviction' }: Keeping): string | undefined {
  if (evictionPolicy === 'noeviction') return undefined;
  return `Redis has maxmemory-policy ${evictionPolicy}: when its memory is full it throws tasks away. Set noeviction.`;
}

function replicaFault({ replicas }: Keeping, { isReplicated, isChosen }: Durability): string | undefined {
  if (isReplicated && replicas === 0) {
    return 'Redis has no replica: with DURABILITY=replica nothing can be acknowledged until it has one.';
  }
  if (isReplicated || isChosen || !replicas) return undefined;
  return 'Redis has replicas, but tasks are acknowledged without them: should one take its place, acknowledged tasks may be lost. Set DURABILITY=replica.';
}
