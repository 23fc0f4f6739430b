import type { Redis } from 'ioredis';

/** How long a replica has to take over what was written. */
const REPLICA_MS = 1000;

/** It may be written, but no replica has said that it has it: the loss of the master now would undo it. */
export class NotDurable extends Error {
  constructor(reason: string) {
    super(`not durable: ${reason}`);
    this.name = 'NotDurable';
  }
}

/**
 * A connection for writing what must not be lost once it was answered. Waiting for a replica holds up whatever else is
 * sent on the connection; one that is shared by few, or several, is what it takes.
 */
export class Writer {
  /** Counts the connections that were lost: a reply of one says nothing about what went over another. */
  private lost = 0;

  constructor(
    private readonly redis: Redis,
    private readonly needsReplica: boolean,
  ) {
    redis.on('close', () => {
      this.lost++;
    });
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /**
   * Does the work; when this resolves, a replica has everything that the work has written or seen.
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
    if (!this.needsReplica) return [result, true];
    // Counts for what came before on this very connection. A new one may be to another master, whose replicas have
    // everything it has; that does not include the work.
    const replicas = await this.redis.wait(1, REPLICA_MS);
    if (lost !== this.lost) return [result, false];
    if (replicas < 1) throw new NotDurable(`no replica has taken it over within ${REPLICA_MS} ms`);
    return [result, true];
  }
}
