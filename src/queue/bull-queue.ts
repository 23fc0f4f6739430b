import { BullModule, getQueueToken } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import type { Task } from '../task/task.js';
import { KEY_PREFIX, TASKS_QUEUE } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** BullMQ's queue of tasks, with the settings that every one of its users must agree on. */
export type BullQueue = Queue<Task>;

export const BULL_QUEUE = getQueueToken(TASKS_QUEUE);

export const bullQueueModule = BullModule.registerQueueAsync({
  name: TASKS_QUEUE,
  inject: [RedisConnections],
  useFactory: (redis: RedisConnections) => ({ connection: redis.producer, prefix: KEY_PREFIX }),
});
