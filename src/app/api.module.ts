import { Module } from '@nestjs/common';
import { AdminModule } from '../admin/admin.module.js';
import { EnqueueModule } from '../enqueue/enqueue.module.js';
import { CircuitsModule } from '../circuit-breaker/circuits.module.js';
import { MemoryWatch } from '../queue/store/memory-watch.js';
import { QueueModule } from '../queue/queue.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import type { Half } from './half.js';

/** The half that takes tasks and tells about them. */
@Module({ imports: [QueueModule, CircuitsModule, EnqueueModule, TrackingModule, AdminModule] })
export class ApiModule implements Half {
  constructor(private readonly memory: MemoryWatch) {}

  start(): Promise<void> {
    return this.memory.start();
  }
}
