import { BullModule, getQueueToken } from '@nestjs/bullmq';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { KEY_TAG } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { LANES } from '../../task/lane.js';

/**
 * The lanes as BullMQ's queues, for what is rare: counting, and looking in from outside. What changes a task's place
 * goes through the scripts, which keep the books of the gates.
 */
export const laneQueues: DynamicModule = BullModule.registerQueueAsync(
  ...LANES.map((name) => ({
    name,
    inject: [RedisConnections],
    useFactory: (redis: RedisConnections) => ({
      connection: redis.producer,
      prefix: KEY_TAG,
      skipVersionCheck: true,
    }),
  })),
);

/** BullMQ's queues of the lanes, most urgent first. */
export const LANE_QUEUES = Symbol('lane queues');

export const laneQueuesProvider: FactoryProvider<readonly Queue[]> = {
  provide: LANE_QUEUES,
  inject: LANES.map((lane) => getQueueToken(lane)),
  useFactory: (...queues: Queue[]) => {
    // Without a listener BullMQ prints each error with its stack; what is wrong with Redis is logged elsewhere.
    for (const queue of queues) queue.on('error', () => undefined);
    return queues;
  },
};
