import type { Redis } from 'ioredis';
import { within } from '../within.js';
import { readReplicationInfo, type ReplicationInfo } from './replication-info.js';
import type { Absence } from './standing.js';

/** One that is there answers in a fraction of it, over a new connection and on a busy machine, too. */
const ANSWER_MS = 500;
/** For so long Sentinel takes one that does not answer for one that may be promoted (`sentinelSelectSlave`, Redis 7.0). */
const PROMOTABLE_MS = 5000;

/** A replica, and a connection to it for asking whether it is one still. */
export class Replica {
  /** Whether an acknowledgement waits for it, rather than only asking it. */
  isAwaited = false;
  /** How many looks at the master in a row it was no replica of its, nor a danger. */
  missedLooks = 0;
  /** When it was asked what it did not answer in time, by the clock of `performance.now()`; nothing when it has since. */
  private unheardSince: number | undefined;
  /** Whether nobody listens at its address. */
  private isRefused = false;
  /** Questions without an answer so far. */
  private owed = 0;

  constructor(
    readonly address: string,
    private readonly redis: Redis,
  ) {
    redis.on('ready', () => {
      this.heard();
    });
    redis.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'ECONNREFUSED') this.isRefused = true;
    });
  }

  /** It has shown that it is there, and is asked again. */
  heard(): void {
    this.unheardSince = undefined;
    this.isRefused = false;
  }

  /**
   * What it says of itself now, or why it says nothing. Who owes an answer is not waited for again.
   *
   * One that becomes a master ends all connections in the same moment: the question then goes over the next one.
   */
  async ask(): Promise<ReplicationInfo | Absence> {
    if (this.isRefused || this.isOverdue) return this.absence;
    const askedAt = performance.now();
    try {
      return readReplicationInfo(await within(ANSWER_MS, this.question()));
    } catch {
      this.unheardSince ??= askedAt;
      return this.absence;
    }
  }

  close(): void {
    this.redis.disconnect();
  }

  private async question(): Promise<string> {
    this.owed++;
    try {
      const answer = await this.redis.info('replication');
      this.heard();
      return answer;
    } finally {
      this.owed--;
    }
  }

  private get isOverdue(): boolean {
    return this.unheardSince !== undefined && (this.owed > 0 || this.redis.status !== 'ready');
  }

  private get absence(): Absence {
    const silentMs = performance.now() - (this.unheardSince ?? Infinity);
    return this.isRefused || silentMs >= PROMOTABLE_MS ? 'gone' : 'silent';
  }
}
