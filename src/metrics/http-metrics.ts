import { Injectable } from '@nestjs/common';
import { counter, histogram, type MetricDefinition } from './metric.js';

const labels = {
  method: 'methods of HTTP that routes have',
  path: "the routes' patterns; unmatched",
  status: 'statuses that routes answer with',
};
const seconds: MetricDefinition = {
  name: 'taskqueue_http_request_duration_seconds',
  type: 'histogram',
  help: 'How long requests took to answer, by route (not URL).',
  role: 'both',
  labels,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
};
const total: MetricDefinition = {
  name: 'taskqueue_http_requests_total',
  type: 'counter',
  help: 'Requests answered, by route (not URL).',
  role: 'both',
  labels,
};

export const httpMetrics = [total, seconds];

interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern; nothing when no route matched, so that scanners cannot make series. */
  readonly route: string | undefined;
  readonly status: number;
  readonly ms: number;
}

@Injectable()
export class HttpMetrics {
  private readonly seconds = histogram(seconds);
  private readonly total = counter(total);

  answered({ method, route, status, ms }: AnsweredRequest): void {
    // Of what no route matches a sender chooses the method, too.
    const labels = {
      method: route === undefined ? 'any' : method,
      path: route ?? 'unmatched',
      status: String(status),
    };
    this.seconds.observe(labels, ms / 1000);
    this.total.inc(labels);
  }
}
