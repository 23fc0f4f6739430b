import { Module } from '@nestjs/common';
import { AdminModule } from '../admin/admin.module.js';
import { ClientUpkeep } from '../clients/client-upkeep.js';
import { ClientsModule } from '../clients/clients.module.js';
import { EnqueueModule } from '../enqueue/enqueue.module.js';
import { MemoryWatch } from '../queue/store/memory-watch.js';
import { QueueModule } from '../queue/queue.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import type { Half } from './half.js';

/** The half that takes tasks and tells about them. */
@Module({ imports: [QueueModule, ClientsModule, EnqueueModule, TrackingModule, AdminModule] })
export class ApiModule implements Half {
  constructor(
    private readonly memory: MemoryWatch,
    private readonly upkeep: ClientUpkeep,
  ) {}

  start(): Promise<void> {
    this.upkeep.start();
    return this.memory.start();
  }
}
