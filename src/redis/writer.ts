import type { Redis } from 'ioredis';
import type { Replicas } from './replication/replicas.js';

/** It may be written, but the loss of the master now could undo it. */
export class NotDurable extends Error {
  constructor(reason: string) {
    super(`not durable: ${reason}`);
    this.name = 'NotDurable';
  }
}

/**
 * A connection for writing what must not be lost once it was answered. Waiting for replicas holds up whatever else is
 * sent on the connection; one that is shared by few, or several, is what it takes.
 */
export class Writer {
  /** Counts the connections that were lost: a reply of one says nothing about what went over another. */
  private lost = 0;

  /** @param replicas who must have it, too; nobody where Redis alone is enough */
  constructor(
    private readonly redis: Redis,
    private readonly replicas?: Pick<Replicas, 'confirm'>,
  ) {
    redis.on('close', () => {
      this.lost++;
    });
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /**
   * Does the work; when this resolves, replicas have everything that the work has written or seen.
   *
   * @throws NotDurable
   */
  async write<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const [result, isDurable] = await this.tryTo(work);
    if (!isDurable) throw new NotDurable('the connection was lost meanwhile');
    return result;
  }

  /** The same for work that, done again, writes only what is missing: after a lost connection it is done again. */
  async writeAgain<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    for (;;) {
      const [result, isDurable] = await this.tryTo(work);
      if (isDurable) return result;
    }
  }

  private async tryTo<T>(work: (redis: Redis) => Promise<T>): Promise<[result: T, isDurable: boolean]> {
    const { lost } = this;
    const result = await work(this.redis);
    if (!this.replicas) return [result, true];
    // Counts for what came before on this very connection. A new one may be to another master, whose replicas have
    // everything it has; that does not include the work.
    const doubt = await this.replicas.confirm(this.redis);
    if (lost !== this.lost) return [result, false];
    if (doubt !== undefined) throw new NotDurable(doubt);
    return [result, true];
  }
}
