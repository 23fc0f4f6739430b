import { Module } from '@nestjs/common';
import { WorkerRegistry } from './worker-registry.js';
import { WorkerWatch } from './worker-watch.js';

/** API half: which workers there are. */
@Module({ providers: [WorkerRegistry, WorkerWatch], exports: [WorkerRegistry, WorkerWatch] })
export class WorkerRegistryModule {}
