import type { Redis } from 'ioredis';
import { within } from '../within.js';
import { readReplicationInfo, type ReplicationInfo } from './replication-info.js';

/** One that is there answers in a fraction of it, over a new connection and on a busy machine, too. */
const ANSWER_MS = 500;

/** A replica, and a connection to it for asking whether it is one still. */
export class Replica {
  /** Whether an acknowledgement waits for it, rather than only asking it. */
  isAwaited = false;
  /** How many looks at the master in a row it was not among its replicas. */
  missedLooks = 0;
  /** Once it has not answered in time, nobody waits for it until it does. */
  private isSilent = false;

  constructor(
    readonly address: string,
    private readonly redis: Redis,
  ) {
    redis.on('ready', () => {
      this.heard();
    });
  }

  /** It has shown that it is there, and is asked again. */
  heard(): void {
    this.isSilent = false;
  }

  /**
   * What it says of itself now; nothing when it does not answer.
   *
   * One that becomes a master ends all connections in the same moment: the question then goes over the next one.
   */
  async ask(): Promise<ReplicationInfo | undefined> {
    if (this.isSilent) return undefined;
    const answer = this.redis.info('replication');
    answer.then(
      () => {
        this.heard();
      },
      () => undefined,
    );
    try {
      return readReplicationInfo(await within(ANSWER_MS, answer));
    } catch {
      this.isSilent = true;
      return undefined;
    }
  }

  close(): void {
    this.redis.disconnect();
  }
}
