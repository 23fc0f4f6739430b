import { Injectable } from '@nestjs/common';
import { counter, type MetricDefinition } from './metric.js';

const published: MetricDefinition = {
  name: 'taskqueue_events_published_total',
  type: 'counter',
  help: 'Events that this process has told of, by kind. There are none while nobody listens.',
  role: 'both',
  labels: { kind: 'kinds of events' },
};
const lost: MetricDefinition = {
  name: 'taskqueue_events_lost_total',
  type: 'counter',
  help: 'Events that this process could not tell of, because Redis was slow or away.',
  role: 'both',
  labels: {},
};

export const eventMetrics = [published, lost];

@Injectable()
export class EventMetric {
  private readonly published = counter(published);
  private readonly lost = counter(lost);

  told(kind: string): void {
    this.published.inc({ kind });
  }

  missed(events: number): void {
    this.lost.inc({}, events);
  }
}
