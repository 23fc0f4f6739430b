import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import type { Ending } from '../task/callbacks.js';

const ORDERED = 'taskqueue_callbacks_total';

export const callbackMetricProviders = [
  makeCounterProvider({
    name: ORDERED,
    help: 'Callbacks that were made into tasks, by the end that they tell of: completed, dead_letter, cancelled, expired.',
    labelNames: ['state'],
  }),
];

@Injectable()
export class CallbackMetric {
  constructor(@InjectMetric(ORDERED) private readonly callbacks: Counter) {}

  ordered(state: Ending): void {
    this.callbacks.inc({ state });
  }
}
