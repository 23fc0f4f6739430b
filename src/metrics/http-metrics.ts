import { Injectable } from '@nestjs/common';
import { InjectMetric, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { Histogram } from 'prom-client';

const REQUEST_SECONDS = 'taskqueue_http_request_duration_seconds';

export const httpMetricProviders = [
  makeHistogramProvider({
    name: REQUEST_SECONDS,
    help: 'Requests answered, by route (not URL), and how long they took.',
    labelNames: ['method', 'path', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  }),
];

interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern; nothing when no route matched, so that scanners cannot make series. */
  readonly route: string | undefined;
  readonly status: number;
  readonly ms: number;
}

@Injectable()
export class HttpMetrics {
  constructor(@InjectMetric(REQUEST_SECONDS) private readonly requestSeconds: Histogram) {}

  answered({ method, route, status, ms }: AnsweredRequest): void {
    this.requestSeconds.observe({ method, path: route ?? 'unmatched', status: String(status) }, ms / 1000);
  }
}
