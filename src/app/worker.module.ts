import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { HttpSender } from '../dispatch/http-sender.js';
import { EventDemand } from '../events/event-demand.js';
import { WorkerMetricsModule } from '../metrics/worker-metrics.module.js';
import { WorkerPool } from '../queue/worker-pool.js';
import { WorkerPoolModule } from '../queue/worker-pool.module.js';
import { WorkerPresence } from '../workers/worker-presence.js';
import type { Half } from './half.js';

/** The half that makes the calls. */
@Module({
  imports: [WorkerMetricsModule, DispatchModule, WorkerPoolModule.driving(DispatchModule)],
  providers: [WorkerPresence],
})
export class WorkerModule implements Half {
  constructor(
    private readonly pool: WorkerPool,
    private readonly sender: HttpSender,
    private readonly presence: WorkerPresence,
    private readonly demand: EventDemand,
  ) {}

  async start(): Promise<void> {
    await this.demand.start();
    await this.presence.join();
    await this.pool.start();
  }

  async drain(deadlineMs: number): Promise<void> {
    const leaving = this.presence.beginLeaving();
    await this.pool.drain(deadlineMs);
    await leaving;
    await this.presence.leave();
    await this.sender.close();
  }
}
