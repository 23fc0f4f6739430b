import { Module } from '@nestjs/common';
import { EventAccess } from './event-access.js';
import { EventHub } from './event-hub.js';
import { EventsController } from './events.controller.js';

/** API half: those who listen. */
@Module({ controllers: [EventsController], providers: [EventAccess, EventHub], exports: [EventHub] })
export class ListeningModule {}
