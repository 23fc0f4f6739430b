import { Injectable } from '@nestjs/common';
import { REASON } from './labels.js';
import { counter, gauge, type MetricDefinition } from './metric.js';

const listeners: MetricDefinition = {
  name: 'taskqueue_event_listeners',
  type: 'gauge',
  help: 'Listeners of events at this process.',
  role: 'api',
  labels: {},
};
const sentAway: MetricDefinition = {
  name: 'taskqueue_event_listeners_sent_away_total',
  type: 'counter',
  help: 'Listeners that were sent away: too_slow, not_allowed, unavailable, shutting_down.',
  role: 'api',
  labels: { reason: REASON },
};
const sockets: MetricDefinition = {
  name: 'taskqueue_websocket_connections',
  type: 'gauge',
  help: 'WebSockets that are connected to this process.',
  role: 'api',
  labels: {},
};
const messages: MetricDefinition = {
  name: 'taskqueue_websocket_messages_total',
  type: 'counter',
  help: 'Events that were sent over WebSockets, by their kind.',
  role: 'api',
  labels: { type: 'kinds of events' },
};

export const listenerMetrics = [listeners, sentAway, sockets, messages];

@Injectable()
export class ListenerMetric {
  private readonly listeners = gauge(listeners);
  private readonly sent = counter(sentAway);
  private readonly sockets = gauge(sockets);
  private readonly messages = counter(messages);

  count(listeners: number): void {
    this.listeners.set(listeners);
  }

  sentAway(reason: string): void {
    this.sent.inc({ reason });
  }

  countSockets(sockets: number): void {
    this.sockets.set(sockets);
  }

  messageSent(kind: string): void {
    this.messages.inc({ type: kind });
  }
}
