import { Inject, Injectable } from '@nestjs/common';
import { RedisConnections } from '../redis/redis-connections.js';
import { isUnavailable } from '../redis/unavailable.js';
import type { Attempt } from '../task/attempt.js';
import { BULL_QUEUE, type BullQueue } from './bull-queue.js';
import { snapshotOf, type TaskJob } from './job.js';
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

  private async read(id: string): Promise<TaskSnapshot | undefined> {
    const job = (await this.queue.getJob(id)) as TaskJob | undefined;
    if (!job) return undefined;
    const [state, { logs }] = await Promise.all([job.getState(), this.queue.getJobLogs(id)]);
    if (state === 'unknown') return undefined;
    return snapshotOf(
      job,
      state,
      logs.map((line) => JSON.parse(line) as Attempt),
    );
  }
}
