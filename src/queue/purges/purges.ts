import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { PREFIX } from '../../redis/keys.js';
import type { LuaScript } from '../../redis/lua-script.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { QueueClock } from '../queue-clock.js';
import { maxTaskAgeMs, stepSettings } from '../queue-rules.js';
import { scripts } from '../scripts.js';
import { whenAvailable } from '../when-available.js';

/** What is purged: a queue, or the dead letters. */
export type Purged = { readonly queue: string } | 'dead letters';

/** How many tasks it takes, and how many run and are left alone. */
export interface PurgeCount {
  readonly taken: number;
  readonly running: number;
  /** When it was asked, Unix milliseconds, by the clock of the store. */
  readonly at: number;
}

type RawCount = [taken: number, running: number, at: number];

/** One call holds Redis for some milliseconds. */
const TAKEN_AT_ONCE = 200;
const BROUGHT_BACK_AT_ONCE = 200;
const SWEPT_AT_ONCE = 150;

/**
 * Emptying queues and the dead letters, in three parts: `begin` makes what is in there invisible to everybody, however much
 * that is; `takeSome` takes tasks out of their places; `sweepSome` removes them for good, or, before that, `bringBackSome`
 * undoes it.
 */
@Injectable()
export class Purges {
  private readonly maxAgeMs: number;
  private readonly completedForMs: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    this.maxAgeMs = maxTaskAgeMs(config);
    this.completedForMs = stepSettings(config, '').completedForMs;
  }

  /**
   * @param operation under which it is known; a repeat changes nothing, also when that is over by then
   * @throws QueueUnavailable
   */
  begin(operation: string, what: Purged): Promise<PurgeCount> {
    const args = [this.clock.scriptTime(), operation, nameOf(what)];
    return whenAvailable(async () => {
      const begun = this.connections.write((redis) => scripts.beginPurge.run(redis, PREFIX, args));
      return countOf((await begun) as RawCount);
    });
  }

  /** What a purge would take now. @throws QueueUnavailable */
  async count(what: Purged): Promise<PurgeCount> {
    return countOf(await this.run<RawCount>(scripts.beginPurge, ['', nameOf(what)]));
  }

  /**
   * Takes some tasks of a purged queue out of their places.
   *
   * @param from where the last call has come to; the empty text at the beginning
   * @returns where to go on, the empty text when all were taken; and how many were so far
   * @throws QueueUnavailable
   */
  takeSome(operation: string, from: string): Promise<readonly [onward: string, taken: number]> {
    return this.run(scripts.takePurged, [operation, from, TAKEN_AT_ONCE, this.maxAgeMs]);
  }

  /** Brings some back that were taken. @throws QueueUnavailable */
  bringBackSome(operation: string): Promise<readonly [count: number, left: number]> {
    const times = [this.maxAgeMs, this.completedForMs];
    return this.run(scripts.bringBack, [operation, BROUGHT_BACK_AT_ONCE, ...times]);
  }

  /** Removes some for good. @returns whether there may be more. @throws QueueUnavailable */
  async sweepSome(operation: string): Promise<boolean> {
    const [, isMore] = await this.run<[number, 0 | 1]>(scripts.sweepPurged, [operation, SWEPT_AT_ONCE]);
    return isMore === 1;
  }

  private run<T>(script: LuaScript, args: readonly (string | number)[]): Promise<T> {
    const all = [this.clock.scriptTime(), ...args];
    return whenAvailable(() => script.run(this.connections.producer, PREFIX, all) as Promise<T>);
  }
}

function countOf([taken, running, at]: RawCount): PurgeCount {
  return { taken, running, at };
}

function nameOf(what: Purged): string {
  return what === 'dead letters' ? 'dead' : `q:${what.queue}`;
}
