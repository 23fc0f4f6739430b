import { Injectable } from '@nestjs/common';
import { REASON } from './labels.js';
import { counter, histogram, type MetricDefinition } from './metric.js';

const refused: MetricDefinition = {
  name: 'taskqueue_enqueue_refused_total',
  type: 'counter',
  help: 'Tasks that were not stored: there is no room (memory, tasks, client, queue), it is the client (rate_limited, throttled, disabled, conflict, stale), or another task of the batch (skipped). Requests for anything else that were throttled count, too.',
  role: 'both',
  labels: { reason: REASON },
};
const limited: MetricDefinition = {
  name: 'taskqueue_rate_limit_hits_total',
  type: 'counter',
  help: "Requests that were too many: tier (more tasks per minute than the client's tier allows), ingress (more requests per second than INGRESS_RPS).",
  role: 'both',
  labels: { limit: 'tier, ingress' },
};
const batches: MetricDefinition = {
  name: 'taskqueue_enqueue_batch_tasks',
  type: 'histogram',
  help: 'Tasks that one round trip to Redis stored, or judged.',
  role: 'both',
  labels: {},
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000],
};

export const admissionMetrics = [refused, limited, batches];

const LIMIT_OF: Readonly<Record<string, string>> = { rate_limited: 'tier', throttled: 'ingress' };

@Injectable()
export class AdmissionMetric {
  private readonly refusals = counter(refused);
  private readonly hits = counter(limited);
  private readonly sizes = histogram(batches);

  constructor() {
    // Those that are alerted on: Prometheus does not see a counter grow that begins above 0.
    for (const reason of ['memory', 'tasks']) this.refusals.inc({ reason }, 0);
  }

  /** @param reason one of few: it is a label */
  refused(reason: string, count = 1): void {
    this.refusals.inc({ reason }, count);
    const limit = LIMIT_OF[reason];
    if (limit !== undefined) this.hits.inc({ limit }, count);
  }

  batched(tasks: number): void {
    this.sizes.observe({}, tasks);
  }
}
