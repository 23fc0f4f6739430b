import { Injectable } from '@nestjs/common';
import type { AuditEntry } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { whenAvailable } from '../queue/when-available.js';
import { AUDIT_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** A change, when it was made. */
export interface LoggedChange extends AuditEntry {
  /** Unix milliseconds, by the clock of Redis. */
  readonly at: number;
}

export interface AuditFilter {
  /** An action, or what it has before its dot. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Unix milliseconds, both exclusive. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

export interface AuditPage {
  /** Newest first. */
  readonly changes: readonly LoggedChange[];
  /** The entry after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** Entries that are looked at for a page: a filter that fits to few must not read the whole log. */
const WINDOW = 2000;

type Entry = [id: string, fields: string[]];

/** The changes that admins have made. The scripts that make them write them. */
@Injectable()
export class AuditLog {
  private readonly entries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
  ) {
    this.entries = config.admin.auditMaxEntries;
  }

  /**
   * A change of many things, which no one script makes: written before it begins, so that there is none without its line.
   *
   * @throws QueueUnavailable
   */
  async write(line: string): Promise<void> {
    await whenAvailable(() =>
      this.connections.write((redis) =>
        redis.xadd(AUDIT_KEY, 'MAXLEN', '~', this.entries, '*', 'line', line),
      ),
    );
  }

  /**
   * @param cursor `next` of the page before
   * @throws QueueUnavailable
   */
  async page(limit: number, filter: AuditFilter, cursor?: string): Promise<AuditPage> {
    const entries = await whenAvailable(() => this.newest(filter, cursor));
    const found: LoggedChange[] = [];
    for (const [at, entry] of entries.entries()) {
      const change = read(entry);
      if (fits(change, filter)) found.push(change);
      const isLast = at === entries.length - 1 && entries.length < WINDOW;
      if (found.length === limit && !isLast) return { changes: found, next: entry[0] };
    }
    const last = entries.at(-1);
    return { changes: found, ...(entries.length === WINDOW && last && { next: last[0] }) };
  }

  /** Ids of entries begin with the time they were made at; before 1970 there is none. */
  private async newest({ after = -1, before }: AuditFilter, cursor?: string): Promise<Entry[]> {
    if (before !== undefined && before <= 0) return [];
    const to = cursor !== undefined ? `(${cursor}` : before !== undefined ? String(before - 1) : '+';
    const from = String(Math.max(0, after + 1));
    return this.connections.producer.xrevrange(AUDIT_KEY, to, from, 'COUNT', WINDOW);
  }
}

function read([id, [, line = '{}']]: Entry): LoggedChange {
  return { ...(JSON.parse(line) as AuditEntry), at: Number(id.split('-', 1)[0]) };
}

function fits(change: LoggedChange, { action, target }: AuditFilter): boolean {
  const hasAction =
    action === undefined || change.action === action || change.action.startsWith(`${action}.`);
  return hasAction && (target === undefined || change.target === target);
}
