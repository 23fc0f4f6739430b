import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { LANES } from '../../task/lane.js';
import { hiddenDead } from '../purges/hidden-dead.js';
import { ALIVE_KEY, MADE_KEY, RUNNING_KEY } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { whenAvailable } from '../when-available.js';
import { LANE_QUEUES } from './lane-queues.js';

const STATES = ['wait', 'active', 'delayed', 'completed', 'failed'] as const;

/** How many tasks a lane has where. */
export interface Depth {
  readonly priority: string;
  readonly state: (typeof STATES)[number];
  readonly tasks: number;
}

/** How many tasks a client has. */
export interface ClientTasks {
  /** For a worker, a time or a gate. */
  readonly waiting: number;
  readonly running: number;
  /** All that are stored, about. */
  readonly stored: number;
}

/** How deep the lanes are. */
@Injectable()
export class DepthGauge {
  constructor(
    @Inject(LANE_QUEUES) private readonly queues: readonly Queue[],
    private readonly connections: RedisConnections,
  ) {}

  /** Tasks by lane, most urgent first, and by where BullMQ keeps them; without dead letters that were cleared. */
  async count(): Promise<Depth[]> {
    const [hidden, ...counts] = await Promise.all([
      hiddenDead(this.connections.producer),
      ...this.queues.map((queue) => queue.getJobCounts(...STATES)),
    ]);
    return LANES.flatMap((priority, at) =>
      STATES.map((state) => {
        const cleared = state === 'failed' ? (hidden.get(priority) ?? 0) : 0;
        return { priority, state, tasks: Math.max(0, (counts[at]?.[state] ?? 0) - cleared) };
      }),
    );
  }

  /**
   * What the store knows of a client without looking at its tasks.
   *
   * @throws QueueUnavailable
   */
  countOf(clientId: string): Promise<ClientTasks> {
    const redis = this.connections.producer;
    const gate = `c:${clientId}`;
    return whenAvailable(async () => {
      const [alive, held, stored] = await Promise.all([
        redis.hget(ALIVE_KEY, gate),
        redis.hget(RUNNING_KEY, gate),
        redis.xlen(`${MADE_KEY}:${clientId}`),
      ]);
      const running = Number(held ?? 0);
      return { waiting: Math.max(0, Number(alive ?? 0) - running), running, stored };
    });
  }
}
