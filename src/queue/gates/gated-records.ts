import type { Redis } from 'ioredis';
import type { AuditLine } from '../../audit/audit-line.js';
import { whenAvailable } from '../when-available.js';
import type { GateId, GateLimits } from './gate.js';
import type { GateStore } from './gate-store.js';

/** A kind of record that decides what a gate lets through: queues, limits of hosts. */
export interface RecordKind<T> {
  /** The Redis hash of the records, by name. */
  readonly key: string;
  readonly gateOf: (name: string) => GateId;
  readonly limitsOf: (record: T) => GateLimits;
  /** What the scripts need of a record besides its gate. */
  readonly extracts: readonly RecordExtract<T>[];
}

/** Something of a record that scripts find in a Redis hash. */
interface RecordExtract<T> {
  readonly key: string;
  readonly fieldOf: (name: string) => string;
  readonly of: (record: T) => string;
}

/** Records in Redis, each of which goes with a gate: one is never changed without the other. */
export class GatedRecords<T extends object> {
  constructor(
    private readonly redis: Redis,
    private readonly gates: GateStore,
    private readonly kind: RecordKind<T>,
  ) {}

  /** @throws QueueUnavailable */
  find(name: string): Promise<T | undefined> {
    return whenAvailable(async () => this.parsed(await this.redis.hget(this.kind.key, name)));
  }

  /** @throws QueueUnavailable */
  all(): Promise<ReadonlyMap<string, T>> {
    return whenAvailable(async () => {
      const texts = Object.entries(await this.redis.hgetall(this.kind.key));
      return new Map(texts.map(([name, text]) => [name, JSON.parse(text) as T]));
    });
  }

  /**
   * Makes a record what `change` makes of it; of nothing, it removes it. Changes at the same time follow each other; none
   * is lost.
   *
   * @param change is asked again when somebody else was quicker; what it throws is thrown, and nothing is changed, and so
   * it is when it gives back what it was given
   * @param line for the audit log; written in the same step
   * @throws QueueUnavailable
   */
  async change<R extends T | undefined>(
    name: string,
    change: (current: T | undefined) => R,
    line?: AuditLine,
  ): Promise<R> {
    const { key, gateOf, limitsOf, extracts } = this.kind;
    for (;;) {
      const before = await whenAvailable(() => this.redis.hget(key, name));
      const current = this.parsed(before);
      const record = change(current);
      if (record === current) return record;
      const replacement = {
        key,
        name,
        before: before ?? '',
        after: record ? JSON.stringify(record) : '',
        extracts: extracts.map(({ key, fieldOf, of }) => {
          return { key, field: fieldOf(name), text: record ? of(record) : '' };
        }),
        ...(line && { audited: line(current, record) }),
      };
      const limits = record ? limitsOf(record) : {};
      if (await this.gates.setWithRecord(gateOf(name), limits, replacement)) return record;
    }
  }

  private parsed(text: string | null | undefined): T | undefined {
    return typeof text === 'string' ? (JSON.parse(text) as T) : undefined;
  }
}
