import { Module } from '@nestjs/common';
import { EventAccess } from './event-access.js';
import { ClientsModule } from '../clients/clients.module.js';
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
export class ListeningModule {}
