import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { QueueClock } from '../queue-clock.js';
import { maxTaskAgeMs } from '../queue-rules.js';
import { whenAvailable } from '../when-available.js';
import { scripts } from '../scripts.js';
import { encodeLimits, type GateId, type GateLimits } from './gate.js';

/** A record that goes with a gate, as it was read and as it is to be. */
export interface Replacement {
  /** The Redis hash that holds it. */
  readonly key: string;
  readonly name: string;
  /** The empty text when there was none. */
  readonly before: string;
  /** The empty text when there is to be none. */
  readonly after: string;
  /** What the scripts need of it besides the gate, in fields of hashes; the empty text = nothing. */
  readonly extracts: readonly { readonly key: string; readonly field: string; readonly text: string }[];
  /** Line for the audit log. */
  readonly audited?: string;
}

/** The port through which limits of clients, states of queues and states of hosts reach the dispatcher. */
@Injectable()
export class GateStore {
  private readonly maxAgeMs: number;
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.maxAgeMs = maxTaskAgeMs(config);
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * Replaces the limits of a gate. Holds from the next fetch of every worker on, for tasks that are queued already
   * too; what the change lets through is let in at once.
   *
   * @returns how many tasks are still held by it
   * @throws QueueUnavailable
   */
  set(id: GateId, limits: GateLimits): Promise<number> {
    const args = [this.clock.scriptTime(), id, encodeLimits(limits), this.maxAgeMs];
    return whenAvailable(
      () => this.connections.write((redis) => scripts.setGate.run(redis, PREFIX, args)) as Promise<number>,
    );
  }

  /**
   * The same together with a record, in one step.
   *
   * @returns whether it was done; not, when the record is no longer what it was
   * @throws QueueUnavailable
   */
  async setWithRecord(id: GateId, limits: GateLimits, record: Replacement): Promise<boolean> {
    const { key, name, before, after, extracts, audited = '' } = record;
    const args = [this.clock.scriptTime(), id, encodeLimits(limits), this.maxAgeMs, key, name, before, after];
    args.push(audited, this.auditEntries);
    for (const extract of extracts) args.push(extract.key, extract.field, extract.text);
    const done = await whenAvailable(() =>
      this.connections.write((redis) => scripts.keepRecord.run(redis, PREFIX, args)),
    );
    return done === 1;
  }
}
