import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { HttpSender } from '../dispatch/http-sender.js';
import { WorkerPool } from '../queue/worker-pool.js';
import { WorkerPoolModule } from '../queue/worker-pool.module.js';
import type { Half } from './half.js';

/** The half that makes the calls. */
@Module({ imports: [DispatchModule, WorkerPoolModule.driving(DispatchModule)] })
export class WorkerModule implements Half {
  constructor(
    private readonly pool: WorkerPool,
    private readonly sender: HttpSender,
  ) {}

  start(): Promise<void> {
    return this.pool.start();
  }

  async drain(deadlineMs: number): Promise<void> {
    await this.pool.drain(deadlineMs);
    await this.sender.close();
  }
}
