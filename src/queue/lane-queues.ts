import { BullModule, getQueueToken } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import { KEY_TAG } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { LANES } from '../task/lane.js';

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

export const LANE_QUEUE_TOKENS: readonly string[] = LANES.map((lane) => getQueueToken(lane));
