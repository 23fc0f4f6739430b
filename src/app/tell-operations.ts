import { Injectable } from '@nestjs/common';
import { EventPublisher } from '../events/event-publisher.js';
import { OperationNews } from '../operations/operation-news.js';
import { operationHappening } from './happenings.js';

/** What operations tell in this process becomes events. */
@Injectable()
export class TellOperations {
  constructor(events: EventPublisher, operations: OperationNews) {
    operations.listen((operation) => {
      if (events.isWanted) events.publish(operationHappening(operation));
    });
  }
}
