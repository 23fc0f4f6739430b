import { Injectable } from '@nestjs/common';
import { InjectMetric, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { measureAtScrape } from './measure-at-scrape.js';

const DEPTH = 'taskqueue_queue_depth';

export const depthMetricProviders = [
  makeGaugeProvider({
    name: DEPTH,
    help: 'Tasks by lane and by where BullMQ keeps them; delayed includes what a gate holds.',
    labelNames: ['priority', 'state'],
  }),
];

export interface Depth {
  readonly priority: string;
  readonly state: string;
  readonly tasks: number;
}

@Injectable()
export class DepthMetric {
  constructor(@InjectMetric(DEPTH) private readonly gauge: Gauge) {}

  /** @param count asked at each scrape; while it fails, the metric has no values rather than old ones */
  measureWith(count: () => Promise<readonly Depth[]>): void {
    measureAtScrape(this.gauge, count, (depths) => {
      for (const { priority, state, tasks } of depths) this.gauge.set({ priority, state }, tasks);
    });
  }
}
