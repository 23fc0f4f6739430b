import { Injectable } from '@nestjs/common';
import { ClientUpkeep } from '../clients/client-upkeep.js';
import { EventDemand } from '../events/event-demand.js';
import { WorkerWatch } from '../workers/worker-watch.js';
import { EventSampler } from './event-sampler.js';

/** What an API process does now and then by itself. */
@Injectable()
export class ApiUpkeep {
  constructor(
    private readonly clients: ClientUpkeep,
    private readonly workers: WorkerWatch,
    private readonly demand: EventDemand,
    private readonly sampler: EventSampler,
  ) {}

  start(): void {
    this.clients.start();
    this.workers.start();
    void this.demand.start();
    this.sampler.start();
  }
}
