import type { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Config } from '../config/config.js';
import type { ComponentHealth } from '../health/health-registry.js';
import { commandsFault, type UnusableRedis } from './connect-fault.js';
import { inspect, type Inspection, NOTHING_FOUND } from './inspection.js';
import { PREFIX } from './keys.js';
import { layoutFault } from './layout.js';
import { readMemory } from './memory.js';
import { readReplicationInfo } from './replication/replication-info.js';
import { LuaScript } from './lua-script.js';
import { needsReplica } from './redis-target.js';
import { within } from './within.js';

const DEADLINE_MS = 1000;
/** Anybody may ask for the health, and to go through all rights costs Redis a hundred times what a PING does. */
const RIGHTS_EVERY_MS = 5000;

const refusedCommands = new LuaScript(new URL('lua/refused-commands.lua', import.meta.url));

/** Whether Redis is there and does what is needed, and how it keeps tasks: for the start, the log and the health routes. */
export class RedisCheck {
  private inspection: Inspection = NOTHING_FOUND;
  private fault: UnusableRedis | undefined;
  private askedAt = -Infinity;
  private figures: NonNullable<ComponentHealth['detail']> = {};

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /** With every new connection: it may be another server. */
  async inspect(redis: Redis): Promise<void> {
    const before = this.inspection;
    this.inspection = await inspect(redis, this.config);
    const known = [...before.warnings, ...before.openDoors];
    for (const warning of [...this.inspection.warnings, ...this.inspection.openDoors]) {
      if (!known.includes(warning)) this.logger.warn(warning);
    }
  }

  /** Why this process cannot work with Redis, for lack of rights or of knowledge of its layout. */
  async usageFault(redis: Redis): Promise<UnusableRedis | undefined> {
    return (await this.rightsFault(redis)) ?? (await layoutFault(redis));
  }

  /**
   * Why Redis does not carry out what is needed, as it says of the rights of the user; nothing also when it does not say,
   * for whatever reason it has just now.
   */
  async rightsFault(redis: Redis): Promise<UnusableRedis | undefined> {
    try {
      const refused = await refusedCommands.run(redis, PREFIX, [needsReplica(this.config) ? 1 : '']);
      return (refused as string[]).length > 0
        ? commandsFault(this.config, (refused as string[]).join(', '))
        : undefined;
    } catch (error) {
      const answer = error instanceof Error ? error.message : String(error);
      return /^NOPERM|^ERR unknown command/.test(answer) ? commandsFault(this.config, answer) : undefined;
    }
  }

  /** @throws Error when Redis does not answer in time, does not let the user do what is needed, or holds what is not understood */
  async check(redis: Redis): Promise<NonNullable<ComponentHealth['detail']>> {
    const started = performance.now();
    await within(DEADLINE_MS, redis.ping());
    const pingMs = Math.round((performance.now() - started) * 10) / 10;
    if (started - this.askedAt >= RIGHTS_EVERY_MS) {
      this.askedAt = started;
      this.fault = await within(DEADLINE_MS, this.usageFault(redis));
      this.figures = await within(DEADLINE_MS, figuresOf(redis)).catch(() => ({}));
    }
    if (this.fault) throw this.fault;
    const { detail, warnings } = this.inspection;
    return {
      ping_ms: pingMs,
      ...detail,
      ...this.figures,
      ...(warnings.length > 0 && { warning: warnings.join(' ') }),
    };
  }
}

/** A managed Redis may say nothing of itself. */
async function figuresOf(redis: Redis): Promise<NonNullable<ComponentHealth['detail']>> {
  const [memory, replication] = await Promise.all([readMemory(redis), redis.info('replication')]);
  const { isMaster, offset, replicas } = readReplicationInfo(replication);
  const all = [...replicas.values()];
  return {
    role: isMaster ? 'master' : 'replica',
    used_memory_bytes: memory.usedBytes,
    max_memory_bytes: memory.maxBytes,
    replicas_in_step: all.length,
    ...(all.length > 0 && {
      replica_lag_sec: Math.max(...all.map(({ silentSec }) => silentSec)),
      replica_behind_bytes: Math.max(0, ...all.map((replica) => offset - replica.offset)),
    }),
  };
}
