import { Injectable } from '@nestjs/common';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { type Lane, LANES } from '../../task/lane.js';
import { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';
import { whenAvailable } from '../when-available.js';

/** As the script returns them, behind how many are alive. */
const STATES = ['scheduled', 'retrying', 'deferred', 'dead_letter', 'running'] as const;
const VALUES = 9;

type Depth = Readonly<Record<(typeof STATES)[number], number>>;

/** Of the tasks at the head of each lane, so many are looked at for those of a queue: 1 µs each. */
const LOOKED_AT = 250;
/** At once, so that Redis is held for some milliseconds. */
const QUEUES_AT_ONCE = 250;
/** In each lane; more do not run at once in any but the largest fleets. */
const MOST_RUNNING = 5000;

/** How a queue is doing. */
export interface QueueFigure {
  /** Tasks that have not ended, and dead letters, by state. One whose time has come is scheduled or retrying until a worker comes by. */
  readonly depth: Depth & { readonly pending: number };
  /** Tasks that were enqueued or retried by hand, and tasks that ended, in the last minute, about. */
  readonly inPerMinute: number;
  readonly outPerMinute: number;
  /**
   * When the task that has been due for longest was due, Unix ms: of those that the queue itself holds, and of the
   * 250 that go next in each lane. Nothing when none of these is its own.
   */
  readonly oldestDueAt?: number;
}

export interface QueueFigures {
  /** Of a queue that was asked for. */
  readonly of: (name: string) => QueueFigure;
  /** Tasks that wait in each lane, of all its queues. */
  readonly waiting: Readonly<Record<Lane, number>>;
  readonly deadLetters: number;
}

type Raw = [waiting: number[], dead: number, values: (number | string)[]];

/** How deep queues are, how late, and how busy: from counts that the scripts keep. */
@Injectable()
export class QueueGauge {
  constructor(
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {}

  /** @throws QueueUnavailable */
  measure(names: readonly string[]): Promise<QueueFigures> {
    return whenAvailable(async () => {
      const values: (number | string)[] = [];
      let totals: Raw = [[], 0, []];
      for (let at = 0; at === 0 || at < names.length; at += QUEUES_AT_ONCE) {
        totals = await this.ask(names.slice(at, at + QUEUES_AT_ONCE));
        values.push(...totals[2]);
      }
      const [waiting, deadLetters] = totals;
      const places = new Map(names.map((name, at) => [name, at * VALUES]));
      const of = (name: string): QueueFigure => {
        const at = places.get(name) ?? values.length;
        return figureOf(values.slice(at, at + VALUES));
      };
      return { of, waiting: byLane(waiting), deadLetters };
    });
  }

  private async ask(names: readonly string[]): Promise<Raw> {
    const args = [this.clock.scriptTime(), LOOKED_AT, MOST_RUNNING, ...names];
    return (await scripts.measureQueues.run(this.connections.producer, PREFIX, args)) as Raw;
  }
}

function byLane(counts: readonly number[]): Record<Lane, number> {
  return Object.fromEntries(LANES.map((lane, at) => [lane, counts[at] ?? 0])) as Record<Lane, number>;
}

function figureOf(values: readonly (number | string)[]): QueueFigure {
  const count = (at: number): number => Number(values[at] ?? 0);
  const depth = Object.fromEntries(STATES.map((state, at) => [state, count(at + 1)])) as Depth;
  const notPending = depth.scheduled + depth.retrying + depth.deferred + depth.running;
  const oldestDueAt = count(VALUES - 1);
  return {
    depth: { ...depth, pending: Math.max(0, count(0) - notPending) },
    inPerMinute: count(VALUES - 3),
    outPerMinute: count(VALUES - 2),
    ...(oldestDueAt > 0 && { oldestDueAt }),
  };
}
