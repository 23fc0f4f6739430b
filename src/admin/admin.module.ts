import { Module } from '@nestjs/common';
import { CircuitsModule } from '../circuit-breaker/circuits.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { WorkerRegistryModule } from '../workers/registry.module.js';
import { AdminAuditController } from './admin-audit.controller.js';
import { AdminCircuitsController } from './admin-circuits.controller.js';
import { AdminClientsController } from './admin-clients.controller.js';
import { AdminDestinationsController } from './admin-destinations.controller.js';
import { AdminDlqController, AdminTasksController } from './admin-dlq.controller.js';
import { AdminHealthController } from './admin-health.controller.js';
import { AdminHostLimitsController } from './admin-host-limits.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AdminOperationsController } from './admin-operations.controller.js';
import { AdminClearDlqController, AdminPurgeQueueController } from './admin-purge.controller.js';
import { AdminQueuesController } from './admin-queues.controller.js';
import { AdminTaskTypesController } from './admin-task-types.controller.js';
import { AdminSigningController } from './admin-signing.controller.js';
import { AdminTiersController } from './admin-tiers.controller.js';
import { AdminWorkersController } from './admin-workers.controller.js';
import { TypeMappingsModule } from '../type-mappings/type-mappings.module.js';
import { AuditLog } from './audit-log.js';
import { DeadLetterDesk } from './dead-letter-desk.js';
import { DeadLetterEditor } from './dead-letter-editor.js';
import { PacedRetries } from './paced-retries.js';
import { PurgeDesk } from './purge-desk.js';
import { QueueDesk } from './queue-desk.js';

@Module({
  imports: [
    ClientsModule,
    CircuitsModule,
    TrackingModule,
    TypeMappingsModule,
    WorkerRegistryModule,
    OperationsModule,
  ],
  controllers: [
    AdminHealthController,
    AdminClientsController,
    AdminKeysController,
    AdminSigningController,
    AdminDestinationsController,
    AdminTiersController,
    AdminQueuesController,
    AdminCircuitsController,
    AdminHostLimitsController,
    AdminWorkersController,
    AdminAuditController,
    AdminDlqController,
    AdminTasksController,
    AdminOperationsController,
    AdminPurgeQueueController,
    AdminClearDlqController,
    AdminTaskTypesController,
  ],
  providers: [AuditLog, DeadLetterDesk, DeadLetterEditor, PacedRetries, PurgeDesk, QueueDesk],
})
export class AdminModule {}
