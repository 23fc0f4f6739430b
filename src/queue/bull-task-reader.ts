import { Inject, Injectable } from '@nestjs/common';
import { RedisConnections } from '../redis/redis-connections.js';
import { isUnavailable } from '../redis/unavailable.js';
import type { Attempt } from '../task/attempt.js';
import { BULL_QUEUE, type BullQueue } from './bull-queue.js';
import { snapshotOf } from './job.js';
import { QueueUnavailable } from './task-queue.js';
import { TaskReader, type TaskSnapshot } from './task-reader.js';

@Injectable()
export class BullTaskReader extends TaskReader {
  constructor(
    @Inject(BULL_QUEUE) private readonly queue: BullQueue,
    private readonly redis: RedisConnections,
  ) {
    super();
  }

  override async find(id: string): Promise<TaskSnapshot | undefined> {
    if (this.redis.producer.status !== 'ready') throw new QueueUnavailable('not connected');
    try {
      return await this.read(id);
    } catch (error) {
      throw isUnavailable(error) ? new QueueUnavailable(error) : error;
    }
  }

  /** BullMQ reads state, job and log one by one; a task that moved in between is read again. */
  private async read(id: string): Promise<TaskSnapshot | undefined> {
    for (;;) {
      const before = await this.queue.getJobState(id);
      const [job, { logs }] = await Promise.all([this.queue.getJob(id), this.queue.getJobLogs(id)]);
      const after = await this.queue.getJobState(id);
      if (!job || after === 'unknown') return undefined;
      if (before === after) return snapshotOf(job, after, logs.map(toAttempt));
    }
  }
}

function toAttempt(line: string): Attempt {
  return JSON.parse(line) as Attempt;
}
