import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { isUnavailable } from '../../redis/unavailable.js';
import { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';

/**
 * The bound on requests per second of a principal, over all processes: a bucket of as many tokens as it gets each
 * second. Requests that enqueue one task take their token in the script that stores it.
 */
@Injectable()
export class Ingress {
  private readonly perSecond: number;

  constructor(
    { ingress }: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.perSecond = ingress.requestsPerSecond;
  }

  /**
   * Takes tokens, if there is one at least; what is missing is owed. A store that is away refuses nobody: whatever the
   * request wants of it fails by itself.
   *
   * @returns 0, or after how many milliseconds there is one
   */
  async take(principal: string, tokens = 1): Promise<number> {
    if (this.perSecond === 0) return 0;
    const args = [this.clock.scriptTime(), this.perSecond, principal, tokens];
    try {
      return Number(await scripts.takeTokens.run(this.connections.producer, PREFIX, args));
    } catch (error) {
      if (isUnavailable(error)) return 0;
      throw error;
    }
  }
}
