import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';

const REFUSED = 'taskqueue_enqueue_refused_total';

export const admissionMetricProviders = [
  makeCounterProvider({
    name: REFUSED,
    help: 'Tasks that were not stored: there is no room (memory, tasks, client, queue), it is the client (rate_limited, throttled, disabled, conflict, stale), or another task of the batch (skipped). Requests for anything else that were throttled count, too.',
    labelNames: ['reason'],
  }),
];

@Injectable()
export class AdmissionMetric {
  constructor(@InjectMetric(REFUSED) private readonly refusals: Counter) {}

  /** @param reason one of few: it is a label */
  refused(reason: string, count = 1): void {
    this.refusals.inc({ reason }, count);
  }
}
