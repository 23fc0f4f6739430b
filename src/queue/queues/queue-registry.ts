import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../../audit/audit-line.js';
import { ADMISSION_KEY, QUEUES_KEY, RETENTION_KEY } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { LANES } from '../../task/lane.js';
import { queueField } from '../admission/admission-rules.js';
import { GatedRecords } from '../gates/gated-records.js';
import { GateStore } from '../gates/gate-store.js';
import {
  laneItself,
  type NamedQueue,
  queueGate,
  queueName,
  type QueueSettings,
  retentionText,
} from './queue-settings.js';
import { QueueUnavailable } from '../task-queue.js';

/** The queues there are and what is set for them. */
export abstract class QueueRegistry {
  /**
   * The queue of a name; nothing when there is none. Rarely asks the store: what another process changed may be a
   * second late, but a queue that it created is found at once.
   *
   * @throws QueueUnavailable
   */
  abstract find(name: string): Promise<NamedQueue | undefined>;

  /**
   * The lanes, most urgent first, then the others by name; as the store has them now.
   *
   * @throws QueueUnavailable
   */
  abstract all(): Promise<readonly NamedQueue[]>;

  /**
   * Changes what is set for a queue, or creates it. Holds for tasks that are queued already, too.
   *
   * @param change is given what is set now (of a lane always something); what it throws is thrown
   * @param line for the audit log
   * @throws QueueUnavailable
   */
  abstract change(name: string, change: QueueChange, line?: AuditLine): Promise<NamedQueue>;

  /**
   * Removes what is set for a queue, and with it the queue; tasks that are in it are none of its matters. In other processes
   * it may be there for a second more.
   *
   * @param line for the audit log
   * @throws QueueUnavailable
   */
  abstract remove(name: string, line?: AuditLine): Promise<void>;
}

export type QueueChange = (current: QueueSettings | undefined) => QueueSettings;

const REFRESH_EVERY_MS = 1000;

/** In Redis, with a copy in this process that is renewed when somebody asks and it is older than a second. */
@Injectable()
export class RedisQueueRegistry extends QueueRegistry {
  private readonly records: GatedRecords<QueueSettings>;
  private copy = new Map<string, QueueSettings>();
  private copiedAt = -Infinity;
  private renewal: Promise<void> | undefined;
  /** Counts own changes: a copy that was read before one of them is of no use. */
  private changes = 0;

  constructor(connections: RedisConnections, gates: GateStore) {
    super();
    this.records = new GatedRecords<QueueSettings>(connections.producer, gates, {
      key: QUEUES_KEY,
      gateOf: (name) => `q:${name}`,
      limitsOf: queueGate,
      extracts: [
        { key: RETENTION_KEY, fieldOf: (name) => name, of: retentionText },
        { key: ADMISSION_KEY, fieldOf: queueField, of: ({ maxAlive }) => String(maxAlive ?? '') },
      ],
    });
  }

  override async find(text: string): Promise<NamedQueue | undefined> {
    const name = queueName(text);
    if (name === undefined) return undefined;
    if (performance.now() - this.copiedAt > REFRESH_EVERY_MS) await (this.renewal ??= this.renew());
    const settings = withLane(name, this.copy.get(name)) ?? (await this.lookUp(name));
    return settings && { name, settings };
  }

  override async all(): Promise<readonly NamedQueue[]> {
    const stored = new Map(await this.records.all());
    const lanes = LANES.map((lane) => ({ name: lane, settings: stored.get(lane) ?? { lane } }));
    for (const lane of LANES) stored.delete(lane);
    const named = [...stored].map(([name, settings]) => ({ name, settings }));
    return [...lanes, ...named.toSorted((one, other) => (one.name < other.name ? -1 : 1))];
  }

  override async change(name: string, change: QueueChange, line?: AuditLine): Promise<NamedQueue> {
    const settings = await this.records.change(name, (current) => change(withLane(name, current)), line);
    this.keep(name, settings);
    return { name, settings };
  }

  override async remove(name: string, line?: AuditLine): Promise<void> {
    await this.records.change(name, () => undefined, line);
    this.changes++;
    this.copy.delete(name);
  }

  private async lookUp(name: string): Promise<QueueSettings | undefined> {
    const settings = await this.records.find(name);
    if (settings) this.keep(name, settings);
    return settings;
  }

  private keep(name: string, settings: QueueSettings): void {
    this.changes++;
    this.copy.set(name, settings);
  }

  /** One at a time, whoever asks. While Redis is away the old copy goes on being used. */
  private async renew(): Promise<void> {
    const changesBefore = this.changes;
    try {
      const all = await this.records.all();
      if (this.changes === changesBefore) this.copy = new Map(all);
    } catch (error) {
      if (!(error instanceof QueueUnavailable)) throw error;
    } finally {
      this.copiedAt = performance.now();
      this.renewal = undefined;
    }
  }
}

/** A lane is there even when nothing was set for it. */
function withLane(name: string, settings: QueueSettings | undefined): QueueSettings | undefined {
  const lane = laneItself(name);
  return settings ?? (lane && { lane });
}
