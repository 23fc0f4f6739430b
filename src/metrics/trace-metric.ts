import { Injectable } from '@nestjs/common';
import { counter, type MetricDefinition } from './metric.js';

const spans: MetricDefinition = {
  name: 'taskqueue_trace_spans_total',
  type: 'counter',
  help: 'Spans that were sent to the collector, and those that were lost because it did not take them; 0 without tracing.',
  role: 'both',
  labels: { result: 'sent, lost' },
};

export const traceMetrics = [spans];

@Injectable()
export class TraceMetric {
  private readonly spans = counter(spans);

  constructor() {
    for (const result of ['sent', 'lost']) this.spans.inc({ result }, 0);
  }

  exported(spans: number): void {
    this.spans.inc({ result: 'sent' }, spans);
  }

  lost(spans: number): void {
    this.spans.inc({ result: 'lost' }, spans);
  }
}
