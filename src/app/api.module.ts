import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AdminModule } from '../admin/admin.module.js';
import { ClientGuard } from '../clients/client-guard.js';
import { ClientsModule } from '../clients/clients.module.js';
import { EnqueueModule } from '../enqueue/enqueue.module.js';
import { CircuitsModule } from '../circuit-breaker/circuits.module.js';
import { FleetModule } from '../fleet/fleet.module.js';
import { IngressGuard, IngressLimit } from '../http/ingress-guard.js';
import { StrayQueryGuard } from '../http/stray-query.js';
import { Problems } from '../http/problems.js';
import { ApiMetricsModule } from '../metrics/api-metrics.module.js';
import { Ingress } from '../queue/admission/ingress.js';
import { MemoryWatch } from '../queue/store/memory-watch.js';
import { QueueModule } from '../queue/queue.module.js';
import { OwnerGuard } from '../tracking/owner-guard.js';
import { SchedulesModule } from '../schedules/schedules.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { OperationRunner } from '../operations/operation-runner.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ListeningModule } from '../events/listening.module.js';
import { WorkerRegistryModule } from '../workers/registry.module.js';
import { ApiUpkeep } from './api-upkeep.js';
import { EventSampler } from './event-sampler.js';
import { TellOperations } from './tell-operations.js';
import { queueFull } from './queue-full.js';
import { queueUnavailable } from './queue-unavailable.js';
import type { Half } from './half.js';

/** The half that takes tasks and tells about them. */
@Module({
  imports: [
    ApiMetricsModule,
    QueueModule,
    ClientsModule,
    CircuitsModule,
    EnqueueModule,
    TrackingModule,
    SchedulesModule,
    AdminModule,
    WorkerRegistryModule,
    FleetModule,
    OperationsModule,
    ListeningModule,
  ],
  providers: [
    ApiUpkeep,
    EventSampler,
    TellOperations,
    ClientGuard,
    { provide: IngressLimit, useExisting: Ingress },
    { provide: APP_GUARD, useClass: IngressGuard },
    { provide: APP_GUARD, useClass: OwnerGuard },
    { provide: APP_GUARD, useClass: StrayQueryGuard },
  ],
})
export class ApiModule implements Half {
  constructor(
    private readonly memory: MemoryWatch,
    private readonly upkeep: ApiUpkeep,
    private readonly operations: OperationRunner,
    problems: Problems,
  ) {
    problems.know([queueFull, queueUnavailable]);
  }

  start(): Promise<void> {
    this.upkeep.start();
    this.operations.start();
    return this.memory.start();
  }
}
