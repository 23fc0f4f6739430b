import { Injectable } from '@nestjs/common';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { scripts } from '../scripts.js';
import { whenAvailable } from '../when-available.js';

/** Dead letters that died of the same at the same host. Times are Unix milliseconds. */
export interface DeadLetterGroup {
  readonly fingerprint: string;
  /** An origin; the empty text in the group of all that are too many to have one of their own. */
  readonly host: string;
  readonly failure: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Id of the last one. */
  readonly sample: string;
}

/** What dead letters died of. */
@Injectable()
export class DeadLetterGroups {
  constructor(private readonly connections: RedisConnections) {}

  /**
   * All of them, 1,001 at most, the one that grew last first.
   *
   * @throws QueueUnavailable
   */
  all(): Promise<readonly DeadLetterGroup[]> {
    return whenAvailable(async () => {
      const values = (await scripts.listDeadGroups.run(this.connections.producer, PREFIX, [''])) as string[];
      const groups: DeadLetterGroup[] = [];
      for (let at = 0; at < values.length; at += VALUES) groups.push(groupOf(values.slice(at, at + VALUES)));
      return groups.toSorted((one, other) => other.lastAt - one.lastAt);
    });
  }
}

const VALUES = 6;

function groupOf([fingerprint = '', what = '', count, first, last, sample = '']: string[]): DeadLetterGroup {
  const lineEnd = what.indexOf('\n');
  return {
    fingerprint,
    host: what.slice(0, lineEnd),
    failure: what.slice(lineEnd + 1),
    count: Number(count),
    firstAt: Number(first),
    lastAt: Number(last),
    sample,
  };
}
