import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { QueueClock } from '../queue/queue-clock.js';
import { whenAvailable } from '../queue/when-available.js';
import { OPERATIONS_KEY, operationKey, PREFIX } from '../redis/keys.js';
import type { LuaScript } from '../redis/lua-script.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { DAY_MS } from '../time/day.js';
import type { Operation, OperationSpec } from './operation.js';
import { parseOperation, type Progress } from './operation-record.js';
import { scripts } from './scripts.js';

/** How long an operation is kept that is over, and how many at most. */
const KEPT_MS = 7 * DAY_MS;
const MOST_KEPT = 1000;
/** Of those that are not over. Some more of what must not wait for them: previews, and purges, those that can be undone included. */
const MOST_OPEN = 100;
export const MOST_OPEN_IN_ALL = 200;
/** What a process works on is taken up by another one when nothing was heard of it for so long. */
const LEASE_MS = 10_000;

export interface Seen {
  readonly total: number;
  readonly sample?: readonly string[];
}

/** What an operation goes on as: at once, in so many milliseconds, at a time by the clock of the store, or not at all. */
export type Onward = 'go' | 'end' | { readonly waitMs: number } | { readonly until: number };
type Wanted = 'cancel' | 'undo' | '' | 'lost';

/** What is asked of an operation, and what speaks against that. */
export type Asked = 'wanted' | 'over' | 'final' | 'no_cancel' | 'unknown';

/** The operations, in Redis: whichever process works on one, all know how far it is. */
@Injectable()
export class OperationStore {
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * @param seen how many tasks there are to look at, about, and ids of some that are meant, if they are known
   * @returns its id; nothing when there are as many as may be
   * @throws QueueUnavailable
   */
  async begin(spec: OperationSpec, seen: Seen, audited: string): Promise<string | undefined> {
    const id = newId(this.clock.now());
    const fields = ['spec', JSON.stringify(spec), 'state', 'running', 'total', seen.total];
    if (seen.sample) fields.push('sample', JSON.stringify(seen.sample));
    const mayBeMore = spec.isDryRun || spec.action === 'purge';
    const bounds = [MOST_KEPT, mayBeMore ? MOST_OPEN_IN_ALL : MOST_OPEN, audited, this.auditEntries];
    const begun = await this.write(scripts.beginOperation, [id, ...bounds, ...fields]);
    return begun === 1 ? id : undefined;
  }

  /** @throws QueueUnavailable */
  async find(id: string): Promise<Operation | undefined> {
    const fields = await whenAvailable(() => this.connections.producer.hgetall(operationKey(id)));
    return parseOperation(id, Object.entries(fields).flat());
  }

  /**
   * Newest first.
   *
   * @param after id of the last one of the page before
   * @throws QueueUnavailable
   */
  async page(limit: number, after?: string): Promise<{ operations: Operation[]; next?: string }> {
    const from = after === undefined ? '+' : `(${after}`;
    const ids = await whenAvailable(() =>
      this.connections.producer.zrange(OPERATIONS_KEY, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit),
    );
    const found = await Promise.all(ids.map((id) => this.find(id)));
    const last = ids.length < limit ? undefined : ids.at(-1);
    return {
      operations: found.filter((each) => each !== undefined),
      ...(last !== undefined && { next: last }),
    };
  }

  /**
   * Asks that it be ended or undone.
   *
   * @throws QueueUnavailable
   */
  async want(id: string, what: 'cancel' | 'undo', audited: string): Promise<Asked> {
    const answer = await this.write(scripts.wantOfOperation, [id, what, audited, this.auditEntries]);
    return answer === '' ? 'unknown' : (answer as Asked);
  }

  /** One that is due; nothing when none is. @throws QueueUnavailable */
  async claim(holder: string): Promise<Operation | undefined> {
    const claimed = await whenAvailable(() => this.run(scripts.claimOperation, [holder, LEASE_MS]));
    if (!claimed) return undefined;
    const [id, fields] = claimed as [string, string[]];
    return parseOperation(id, fields);
  }

  /** Records what has come of a piece of work. @throws QueueUnavailable */
  async advance(
    { id, holder }: { readonly id: string; readonly holder: string },
    { set = {}, add = {} }: Progress,
    onward: Onward,
  ): Promise<Wanted> {
    const fields = [...Object.entries(set), ...Object.entries(add).filter(([, by]) => by !== 0)].flat();
    const args = [id, holder, ...onwardArgs(onward), Object.keys(set).length, ...fields];
    return (await whenAvailable(() => this.run(scripts.advanceOperation, args))) as Wanted;
  }

  private run(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    return script.run(this.connections.producer, PREFIX, [this.clock.scriptTime(), ...args]);
  }

  private write(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    const all = [this.clock.scriptTime(), ...args];
    return whenAvailable(() => this.connections.write((redis) => script.run(redis, PREFIX, all)));
  }
}

function onwardArgs(onward: Onward): readonly [how: string, time: number] {
  if (onward === 'go') return ['go', LEASE_MS];
  if (onward === 'end') return ['end', KEPT_MS];
  return 'until' in onward ? ['until', onward.until] : ['wait', onward.waitMs];
}

/** Ids are in the order of time: nine letters of it last until the year 5188. */
function newId(now: number): string {
  return `op_${now.toString(36).padStart(9, '0')}${randomBytes(5).toString('hex')}`;
}

/** What an id looks like. */
export const OPERATION_ID = /^op_[0-9a-z]{9}[0-9a-f]{10}$/;
