import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { AdminClientsController } from './admin-clients.controller.js';
import { AdminHealthController } from './admin-health.controller.js';
import { AdminQueuesController } from './admin-queues.controller.js';

@Module({
  imports: [ClientsModule],
  controllers: [AdminHealthController, AdminClientsController, AdminQueuesController],
})
export class AdminModule {}
