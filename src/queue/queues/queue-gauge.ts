import { Injectable } from '@nestjs/common';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { type Lane, LANES } from '../../task/lane.js';
import type { TaskState } from '../../task/task-state.js';
import { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';
import { whenAvailable } from '../when-available.js';

/** As the script returns them. */
const STATES = [
  ...(['scheduled', 'deferred', 'running', 'retrying'] as const),
  ...(['completed', 'cancelled', 'expired', 'dead_letter'] as const),
];
const ALIVE = 4;
const VALUES = STATES.length + 4;

/** Of the tasks at the head of each lane, so many are looked at for those of a queue: 1 µs each. */
const LOOKED_AT = 500;

/** How a queue is doing. */
export interface QueueFigure {
  /** Tasks by state. One whose time has come is scheduled or retrying until a worker comes by. */
  readonly depth: Readonly<Record<TaskState, number>>;
  /** Tasks that were enqueued or retried by hand, and tasks that ended, in the last minute, about. */
  readonly inPerMinute: number;
  readonly outPerMinute: number;
  /**
   * When the task that has been due for longest was due, Unix ms: of those that the queue itself holds, and of the
   * 500 that go next in each lane. Nothing when none of these is its own.
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

  /**
   * @param names a thousand at most, so that Redis is held for some milliseconds
   * @throws QueueUnavailable
   */
  measure(names: readonly string[]): Promise<QueueFigures> {
    return whenAvailable(async () => {
      const args = [this.clock.scriptTime(), LOOKED_AT, ...names];
      const raw = (await scripts.measureQueues.run(this.connections.producer, PREFIX, args)) as Raw;
      const [waiting, deadLetters, values] = raw;
      const places = new Map(names.map((name, at) => [name, at * VALUES]));
      const of = (name: string): QueueFigure => {
        const at = places.get(name) ?? values.length;
        return figureOf(values.slice(at, at + VALUES));
      };
      return { of, waiting: byLane(waiting), deadLetters };
    });
  }
}

function byLane(counts: readonly number[]): Record<Lane, number> {
  return Object.fromEntries(LANES.map((lane, at) => [lane, counts[at] ?? 0])) as Record<Lane, number>;
}

function figureOf([alive, ...values]: readonly (number | string)[]): QueueFigure {
  const counts = values.slice(0, STATES.length).map(Number);
  const notPending = counts.slice(0, ALIVE).reduce((sum, count) => sum + count, 0);
  const [inPerMinute, outPerMinute, oldest] = values.slice(STATES.length);
  return {
    depth: {
      ...(Object.fromEntries(STATES.map((state, at) => [state, counts[at]])) as Record<TaskState, number>),
      pending: Math.max(0, Number(alive) - notPending),
    },
    inPerMinute: Number(inPerMinute),
    outPerMinute: Number(outPerMinute),
    ...(oldest !== '' && { oldestDueAt: Number(oldest) }),
  };
}
