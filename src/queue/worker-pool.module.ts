import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { HealthRegistry } from '../health/health-registry.js';
import { HostChanges } from './gates/host-changes.js';
import { LoopWorkerPool } from './worker/loop-worker-pool.js';
import { PoolFigures } from './worker/pool-figures.js';
import { QueueClock, RedisClock } from './queue-clock.js';
import { TaskNews } from './task-news.js';
import { WorkerPool } from './worker-pool.js';

/** The door for the worker half: the pool that drives the `TaskHandler` which a module exports. */
@Module({})
export class WorkerPoolModule {
  constructor(pool: WorkerPool, health: HealthRegistry, hostChanges: HostChanges, taskNews: TaskNews) {
    pool.hostChanges.subscribe((change) => {
      hostChanges.tell([change]);
    });
    pool.taskNews.tellTo(taskNews);
    health.register({ name: 'worker', check: () => pool.check() });
  }

  static driving(handlerModule: Type): DynamicModule {
    return {
      module: WorkerPoolModule,
      imports: [handlerModule],
      providers: [
        { provide: QueueClock, useClass: RedisClock },
        { provide: WorkerPool, useClass: LoopWorkerPool },
        PoolFigures,
      ],
      exports: [WorkerPool],
    };
  }
}
