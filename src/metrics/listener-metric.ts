import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';

const LISTENERS = 'taskqueue_event_listeners';
const SENT_AWAY = 'taskqueue_event_listeners_sent_away_total';

export const listenerMetricProviders = [
  makeGaugeProvider({ name: LISTENERS, help: 'Listeners of events at this process.' }),
  makeCounterProvider({
    name: SENT_AWAY,
    help: 'Listeners that were sent away: too_slow, not_allowed, unavailable, shutting_down.',
    labelNames: ['reason'],
  }),
];

@Injectable()
export class ListenerMetric {
  constructor(
    @InjectMetric(LISTENERS) private readonly listeners: Gauge,
    @InjectMetric(SENT_AWAY) private readonly sent: Counter,
  ) {}

  count(listeners: number): void {
    this.listeners.set(listeners);
  }

  sentAway(reason: string): void {
    this.sent.inc({ reason });
  }
}
