import { Injectable } from '@nestjs/common';
import { CallbackCourier } from '../callbacks/callback-courier.js';
import { EventDemand } from '../events/event-demand.js';
import { Scheduler } from '../schedules/firing/scheduler.js';
import { WorkerPresence } from '../workers/worker-presence.js';

/** What a worker process does besides making calls. */
@Injectable()
export class WorkerUpkeep {
  constructor(
    private readonly demand: EventDemand,
    private readonly presence: WorkerPresence,
    private readonly callbacks: CallbackCourier,
    private readonly scheduler: Scheduler,
  ) {}

  /** Before it takes a task. */
  async join(): Promise<void> {
    await this.demand.start();
    await this.presence.join();
  }

  /** When it takes tasks. */
  start(): void {
    this.callbacks.start();
    this.scheduler.start();
  }

  /** It takes none any more, and makes none. */
  async beginLeaving(): Promise<void> {
    await Promise.all([this.scheduler.stop(), this.presence.beginLeaving()]);
  }

  /** Nothing runs any more. */
  async leave(): Promise<void> {
    await this.callbacks.stop();
    await this.presence.leave();
  }
}
