import { Injectable } from '@nestjs/common';
import type { Ending } from '../task/callbacks.js';
import { counter, type MetricDefinition } from './metric.js';

const callbacks: MetricDefinition = {
  name: 'taskqueue_callbacks_total',
  type: 'counter',
  help: 'Callbacks that were made into tasks, by the end that they tell of: completed, dead_letter, cancelled, expired.',
  role: 'worker',
  labels: { state: 'those four' },
};

export const callbackMetrics = [callbacks];

@Injectable()
export class CallbackMetric {
  private readonly callbacks = counter(callbacks);

  ordered(state: Ending): void {
    this.callbacks.inc({ state });
  }
}
