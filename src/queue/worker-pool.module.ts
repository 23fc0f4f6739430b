import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { LoopWorkerPool } from './loop-worker-pool.js';
import { WorkerPool } from './worker-pool.js';

/** The door for the worker half: the pool that drives the `TaskHandler` which a module exports. */
@Module({})
export class WorkerPoolModule {
  static driving(handlerModule: Type): DynamicModule {
    return {
      module: WorkerPoolModule,
      imports: [handlerModule],
      providers: [{ provide: WorkerPool, useClass: LoopWorkerPool }],
      exports: [WorkerPool],
    };
  }
}
