import { Module } from '@nestjs/common';
import { EventAccess } from './event-access.js';
import { type ComponentHealth, HealthRegistry } from '../health/health-registry.js';
import { ClientsModule } from '../clients/clients.module.js';
import { EventDemand } from './event-demand.js';
import { EventHub } from './event-hub.js';
import { SocketController } from './socket.controller.js';
import { EventsController } from './events.controller.js';

/** API half: those who listen. */
@Module({
  imports: [ClientsModule],
  controllers: [EventsController, SocketController],
  providers: [EventAccess, EventHub],
  exports: [EventHub],
})
export class ListeningModule {
  constructor(hub: EventHub, demand: EventDemand, health: HealthRegistry) {
    const detail = (): ComponentHealth['detail'] => ({ listeners: hub.size, wanted: demand.isWanted });
    health.register({ name: 'events', informs: true, check: () => ({ up: true, detail: { ...detail() } }) });
  }
}
