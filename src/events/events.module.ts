import { Global, Module } from '@nestjs/common';
import { EventDemand } from './event-demand.js';
import { EventPublisher } from './event-publisher.js';
import { EventStream } from './event-stream.js';

/** What both halves have of events: telling them, if anybody wants to know. */
@Global()
@Module({
  providers: [EventDemand, EventPublisher, EventStream],
  exports: [EventDemand, EventPublisher, EventStream],
})
export class EventsModule {}
