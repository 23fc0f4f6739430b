import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { bullQueueModule } from './bull-queue.js';
import { BullTaskQueue } from './bull-task-queue.js';
import { BullTaskReader } from './bull-task-reader.js';
import { BullWorkerPool } from './bull-worker-pool.js';
import { TaskQueue } from './task-queue.js';
import { TaskReader } from './task-reader.js';
import { WorkerPool } from './worker-pool.js';

/** The doors for the API half: write and read. */
@Global()
@Module({
  imports: [bullQueueModule],
  providers: [
    { provide: TaskQueue, useClass: BullTaskQueue },
    { provide: TaskReader, useClass: BullTaskReader },
  ],
  exports: [TaskQueue, TaskReader],
})
export class QueueModule {}

/** The door for the worker half: the pool that drives the `TaskHandler` which a module exports. */
@Module({})
export class WorkerPoolModule {
  static driving(handlerModule: Type): DynamicModule {
    return {
      module: WorkerPoolModule,
      imports: [handlerModule],
      providers: [{ provide: WorkerPool, useClass: BullWorkerPool }],
      exports: [WorkerPool],
    };
  }
}
