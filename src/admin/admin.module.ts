import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { WorkerRegistryModule } from '../workers/registry.module.js';
import { AdminAuditController } from './admin-audit.controller.js';
import { AdminClientsController } from './admin-clients.controller.js';
import { AdminDestinationsController } from './admin-destinations.controller.js';
import { AdminHealthController } from './admin-health.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AdminQueuesController } from './admin-queues.controller.js';
import { AdminTiersController } from './admin-tiers.controller.js';
import { AdminWorkersController } from './admin-workers.controller.js';
import { AuditLog } from './audit-log.js';

@Module({
  imports: [ClientsModule, WorkerRegistryModule],
  controllers: [
    AdminHealthController,
    AdminClientsController,
    AdminKeysController,
    AdminDestinationsController,
    AdminTiersController,
    AdminQueuesController,
    AdminWorkersController,
    AdminAuditController,
  ],
  providers: [AuditLog],
})
export class AdminModule {}
