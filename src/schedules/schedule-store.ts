import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { QueueClock } from '../queue/queue-clock.js';
import { whenAvailable } from '../queue/when-available.js';
import { PREFIX, SCHEDULE_NAMES_KEY, scheduleNamesKey } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import type { Definition, Progress, Schedule, SkipReason } from './schedule.js';
import { scripts } from './scripts.js';

const VALUES = 8;

const NONE_STORED: Schedule['stored'] = { definition: '', progress: '' };

/**
 * Occurrences that wait to become tasks: of a schedule, a little more than what is made up for after an outage, and of a
 * client. More are left out: nothing waits without bound for a client that is held to fewer requests than it has occurrences.
 */
const MOST_WAITING = 200;
const MOST_WAITING_OF_CLIENT = 1000;

/** An occurrence to claim. */
interface Occurrence {
  /** Of its task. */
  readonly id: string;
  /** When it fires, Unix milliseconds. */
  readonly at: number;
}

export interface Claim {
  readonly progress: Progress;
  readonly occurrences: readonly Occurrence[];
  readonly missed: number;
  /** It is asked for by hand: the schedule goes on as it was, and whatever runs does not matter. */
  readonly isByHand?: boolean;
  /** How many tasks in a row led to that. */
  readonly depth?: number;
}

/** How many occurrences were left out, by why. */
export interface Claimed {
  readonly overlap: number;
  readonly tooMany: number;
}

/** The schedules that there are, in Redis. */
@Injectable()
export class ScheduleStore {
  private readonly bounds: readonly [most: number, mostOfClient: number];

  constructor(
    { schedules }: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.bounds = [schedules.most, schedules.mostPerClient];
  }

  /** @throws QueueUnavailable */
  async find(key: string): Promise<Schedule | undefined> {
    return (await this.all([key]))[0];
  }

  /**
   * By their ids, in order.
   *
   * @param after the id of the last one of the page before
   * @throws QueueUnavailable
   */
  list(clientId: string | undefined, limit: number, after: string | undefined): Promise<Schedule[]> {
    return whenAvailable(async () => {
      const index = clientId === undefined ? SCHEDULE_NAMES_KEY : scheduleNamesKey(clientId);
      const from = after === undefined ? '-' : `(${after}`;
      return this.all(await this.connections.producer.zrange(index, from, '+', 'BYLEX', 'LIMIT', 0, limit));
    });
  }

  /**
   * Puts a schedule in the place of what is there, or deletes it.
   *
   * @param before as the caller has read it; nothing = it is to be a new one
   * @throws QueueUnavailable
   */
  keep(
    key: string,
    before: Schedule | undefined,
    after: { readonly definition: Definition; readonly progress: Progress } | undefined,
  ): Promise<'kept' | 'changed' | 'too_many' | 'too_many_of_client'> {
    const { stored = NONE_STORED } = before ?? {};
    const becomes = after ? [JSON.stringify(after.definition), JSON.stringify(after.progress)] : ['', ''];
    // No schedule changes its client, which is in its id.
    const clientId = key.slice(0, key.indexOf('.'));
    const next = after?.progress.next ?? '';
    const args = [key, clientId, stored.definition, stored.progress, ...becomes, next, ...this.bounds];
    return whenAvailable(() =>
      this.connections.writer.write((redis) => scripts.keepSchedule.run(redis, PREFIX, args)),
    ) as Promise<'kept' | 'changed' | 'too_many' | 'too_many_of_client'>;
  }

  /**
   * Claims occurrences, and moves the schedule on.
   *
   * @returns nothing when somebody else was faster
   * @throws QueueUnavailable
   */
  claim({ key, definition, stored }: Schedule, claim: Claim): Promise<Claimed | undefined> {
    const { progress, occurrences, missed, isByHand = false, depth = 0 } = claim;
    const next = isByHand ? '-' : (progress.next ?? '');
    const becomes = isByHand ? stored.progress : JSON.stringify(progress);
    const overlap = isByHand ? 'allow' : definition.overlap;
    const args = [
      ...[this.clock.scriptTime(), key, stored.definition, stored.progress, becomes, next, overlap, missed],
      ...[MOST_WAITING, MOST_WAITING_OF_CLIENT, Math.max(depth, definition.depth ?? 0)],
      ...occurrences.flatMap(({ id, at }) => [id, at]),
    ];
    return whenAvailable(async () => {
      const claimed = await this.connections.writer.write((redis) =>
        scripts.claimOccurrences.run(redis, PREFIX, args),
      );
      const [isClaimed, overlap, tooMany] = claimed as [number, number, number];
      return isClaimed === 1 ? { overlap, tooMany } : undefined;
    });
  }

  /** @throws QueueUnavailable */
  all(keys: readonly string[]): Promise<Schedule[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return whenAvailable(async () => {
      const values = await scripts.findSchedules.run(this.connections.producer, PREFIX, keys);
      return schedulesIn(values as string[]);
    });
  }
}

function schedulesIn(values: readonly string[]): Schedule[] {
  return Array.from({ length: values.length / VALUES }, (_, at) => {
    const [key = '', definition = '', progress = '', ...tally] = values.slice(at * VALUES, (at + 1) * VALUES);
    return {
      key,
      definition: JSON.parse(definition) as Definition,
      progress: JSON.parse(progress) as Progress,
      tally: tallyIn(tally),
      stored: { definition, progress },
    };
  });
}

function tallyIn([fired, skipped, task = '', at = '', skip = '']: readonly string[]): Schedule['tally'] {
  const [skippedAt, reason] = skip.split(';');
  return {
    fired: Number(fired),
    skipped: Number(skipped),
    ...(task !== '' && { lastTaskId: task }),
    ...(at !== '' && { lastAt: Number(at) }),
    ...(skip !== '' && { lastSkip: { at: Number(skippedAt), reason: reason as SkipReason } }),
  };
}
