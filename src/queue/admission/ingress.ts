import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { AdmissionMetric } from '../../metrics/admission-metric.js';
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
    private readonly metric: AdmissionMetric,
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
    const waits = await this.takeEach(new Map([[principal, tokens]]));
    return waits.get(principal) ?? 0;
  }

  /**
   * The same of several at once: who has none is refused, and pays nothing.
   *
   * @param tokens of each principal, of at most a thousand
   * @param isAllOrNone when one is refused, nobody pays
   * @returns after how many milliseconds there is one, of those that were refused
   */
  async takeEach(
    tokens: ReadonlyMap<string, number>,
    isAllOrNone = false,
  ): Promise<ReadonlyMap<string, number>> {
    if (this.perSecond === 0 || tokens.size === 0) return new Map();
    const args = [this.clock.scriptTime(), this.perSecond, Number(isAllOrNone), ...[...tokens].flat()];
    const waits = await this.run(args);
    const refused = new Map([...tokens.keys()].map((principal, at) => [principal, waits[at] ?? 0] as const));
    for (const [principal, waitMs] of refused) {
      if (waitMs === 0) refused.delete(principal);
      else this.metric.refused('throttled', tokens.get(principal));
    }
    return refused;
  }

  private async run(args: readonly (string | number)[]): Promise<readonly number[]> {
    try {
      return (await scripts.takeTokens.run(this.connections.producer, PREFIX, args)) as number[];
    } catch (error) {
      if (isUnavailable(error)) return [];
      throw error;
    }
  }
}
