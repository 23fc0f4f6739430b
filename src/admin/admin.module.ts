import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { AdminClientsController } from './admin-clients.controller.js';
import { AdminHealthController } from './admin-health.controller.js';

@Module({ imports: [ClientsModule], controllers: [AdminHealthController, AdminClientsController] })
export class AdminModule {}
