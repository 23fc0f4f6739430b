import { Inject, Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { isUnavailable } from '../redis/unavailable.js';
import type { Task } from '../task/task.js';
import { BULL_QUEUE, type BullQueue } from './bull-queue.js';
import { jobOptions, type Retention } from './job.js';
import { QueueUnavailable, TaskQueue } from './task-queue.js';

const DAY_SEC = 86_400;

@Injectable()
export class BullTaskQueue extends TaskQueue {
  private readonly retention: Retention;

  constructor(
    @Inject(BULL_QUEUE) private readonly queue: BullQueue,
    private readonly redis: RedisConnections,
    config: Config,
  ) {
    super();
    const { completedDays, deadDays } = config.retention;
    this.retention = {
      completedSec: Math.round(completedDays * DAY_SEC),
      deadSec: deadDays > 0 ? Math.round(deadDays * DAY_SEC) : undefined,
    };
    const logger = new Logger('Queue');
    queue.on('error', (error) => {
      logger.debug(error.message);
    });
  }

  override async add(task: Task): Promise<Task> {
    // BullMQ would wait for the first connection without a limit.
    if (this.redis.producer.status !== 'ready') throw new QueueUnavailable('not connected');
    try {
      await this.queue.add('http', task, jobOptions(task, this.retention));
      // BullMQ ignores an add whose id is taken and does not say so; the stored one is the answer.
      const stored = await this.queue.getJob(task.id);
      return stored?.data ?? task;
    } catch (error) {
      throw isUnavailable(error) ? new QueueUnavailable(error) : error;
    }
  }
}
