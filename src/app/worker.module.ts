import { Module } from '@nestjs/common';
import { CallbackCourier } from '../callbacks/callback-courier.js';
import { CallbackMaker } from '../callbacks/callback-maker.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { HttpSender } from '../dispatch/http-sender.js';
import { WorkerMetricsModule } from '../metrics/worker-metrics.module.js';
import { WorkerPool } from '../queue/worker-pool.js';
import { WorkerPoolModule } from '../queue/worker-pool.module.js';
import { firingProviders } from '../schedules/firing/firing-providers.js';
import { WorkerPresence } from '../workers/worker-presence.js';
import type { Half } from './half.js';
import { WorkerUpkeep } from './worker-upkeep.js';

/** The half that makes the calls. */
@Module({
  imports: [WorkerMetricsModule, DispatchModule, WorkerPoolModule.driving(DispatchModule)],
  providers: [WorkerPresence, CallbackCourier, CallbackMaker, ...firingProviders, WorkerUpkeep],
})
export class WorkerModule implements Half {
  constructor(
    private readonly pool: WorkerPool,
    private readonly sender: HttpSender,
    private readonly upkeep: WorkerUpkeep,
  ) {}

  async start(): Promise<void> {
    await this.upkeep.join();
    await this.pool.start();
    this.upkeep.start();
  }

  async drain(deadlineMs: number): Promise<void> {
    const leaving = this.upkeep.beginLeaving();
    await this.pool.drain(deadlineMs);
    await leaving;
    await this.upkeep.leave();
    await this.sender.close();
  }
}
