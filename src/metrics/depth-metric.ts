import { Injectable } from '@nestjs/common';
import { InjectMetric, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';

const DEPTH = 'taskqueue_queue_depth';
/** A scrape must be answered, also while Redis is away. */
const DEADLINE_MS = 1000;

export const depthMetricProviders = [
  makeGaugeProvider({
    name: DEPTH,
    help: 'Tasks by lane and by where BullMQ keeps them; delayed includes what a gate holds.',
    labelNames: ['priority', 'state'],
  }),
];

interface Depth {
  readonly priority: string;
  readonly state: string;
  readonly tasks: number;
}

@Injectable()
export class DepthMetric {
  constructor(@InjectMetric(DEPTH) private readonly gauge: Gauge) {}

  /** @param count asked at each scrape; while it fails, the metric has no values rather than old ones */
  measureWith(count: () => Promise<readonly Depth[]>): void {
    // prom-client calls `collect` of a metric before it reads it.
    Object.assign(this.gauge, {
      collect: async () => {
        this.gauge.reset();
        const late = new Promise<readonly Depth[]>((resolve) => setTimeout(resolve, DEADLINE_MS, []).unref());
        const depths = await Promise.race([count().catch(() => []), late]);
        for (const { priority, state, tasks } of depths) this.gauge.set({ priority, state }, tasks);
      },
    });
  }
}
