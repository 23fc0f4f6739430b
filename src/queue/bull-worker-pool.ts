import { Injectable, Logger } from '@nestjs/common';
import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import { Config } from '../config/config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { KEY_PREFIX, TASKS_QUEUE } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';
import type { TaskJob } from './job.js';
import { type ClaimedTask, type Handled, TaskHandler } from './task-handler.js';
import { WorkerPool } from './worker-pool.js';

/** A handed-back task waits this long, so that the worker that is going down does not take it again. */
const HAND_BACK_MS = 200;
/** After a fault of our own; the target is not to blame and no attempt is used. */
const AFTER_OWN_FAULT_MS = 5000;

const NEVER = new AbortController().signal;

/** Carries the delay that the settlement decided to BullMQ's backoff strategy. */
class RetryIn extends Error {
  constructor(readonly delayMs: number) {
    super('retry');
  }
}

@Injectable()
export class BullWorkerPool extends WorkerPool {
  private readonly logger = new Logger('Worker');
  private worker: Worker<Task> | undefined;

  constructor(
    private readonly config: Config,
    private readonly redis: RedisConnections,
    private readonly handler: TaskHandler,
    health: HealthRegistry,
  ) {
    super();
    health.register({ name: 'worker', check: () => ({ up: this.worker?.isRunning() ?? false }) });
  }

  override start(): void {
    this.worker = new Worker<Task>(
      TASKS_QUEUE,
      // BullMQ hands out the signal only to functions with three parameters, none of them with a default.
      (job, token, signal) => this.process(job, token ?? '', signal ?? NEVER),
      {
        connection: this.redis.worker,
        prefix: KEY_PREFIX,
        concurrency: this.config.delivery.concurrency,
        // A killed worker's tasks run again within lock + interval. The default of one stall would fail a task at
        // the second crash although it has attempts left.
        lockDuration: 30_000,
        stalledInterval: 5000,
        maxStalledCount: 25,
        runRetryDelay: 1000,
        settings: { backoffStrategy: (_attempts, _type, error) => (error as RetryIn).delayMs },
      },
    );
    this.worker.on('error', (error) => {
      this.logger.warn(error.message);
    });
  }

  override async drain(deadlineMs: number): Promise<void> {
    const { worker } = this;
    if (!worker) return;
    const deadline = setTimeout(() => {
      worker.cancelAllJobs('shutdown');
    }, deadlineMs);
    await worker.close();
    clearTimeout(deadline);
  }

  /** One attempt: the handler decides, BullMQ is told in its own way (a return, or an error of a certain kind). */
  private async process(job: TaskJob, token: string, signal: AbortSignal): Promise<void> {
    const handled = await this.attempt(job, signal);
    if (!handled) return postpone(job, token, AFTER_OWN_FAULT_MS);
    await job.log(JSON.stringify(handled.attempt));
    return settle(job, token, handled.settlement);
  }

  private async attempt(job: TaskJob, signal: AbortSignal): Promise<Handled | undefined> {
    try {
      return await this.handler.handle(claim(job), signal);
    } catch (error) {
      this.logger.error({ err: error, task_id: job.id }, 'an attempt failed for a reason of our own');
      return undefined;
    }
  }
}

function claim(job: TaskJob): ClaimedTask {
  const first = job.attemptsMade === 0;
  return { task: job.data, attempt: job.attemptsMade + 1, ...(first && { dueAt: job.data.scheduledAt }) };
}

async function settle(job: TaskJob, token: string, settlement: Settlement): Promise<void> {
  switch (settlement.kind) {
    case 'complete':
      return;
    case 'retry':
      throw new RetryIn(settlement.delayMs);
    case 'dead_letter':
      throw new UnrecoverableError(settlement.reason);
    case 'expire':
      throw new UnrecoverableError('expired');
    case 'hand_back':
      return postpone(job, token, HAND_BACK_MS);
  }
}

/** Puts the job back without using an attempt. */
async function postpone(job: TaskJob, token: string, delayMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  throw new DelayedError();
}
