import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';

const LATENESS = 'taskqueue_schedule_lateness_seconds';
const SKIPPED = 'taskqueue_schedule_skipped_total';

export const scheduleMetricProviders = [
  makeHistogramProvider({
    name: LATENESS,
    help: 'From when an occurrence of a schedule was to fire until it was a task; its count is that of occurrences fired.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86_400],
  }),
  makeCounterProvider({
    name: SKIPPED,
    help: 'Occurrences of schedules that became no task, by why: overlap, missed, client_disabled, client_deleted, rate_limited, full, invalid, encryption_key_missing.',
    labelNames: ['reason'],
  }),
];

@Injectable()
export class ScheduleMetric {
  constructor(
    @InjectMetric(LATENESS) private readonly lateness: Histogram,
    @InjectMetric(SKIPPED) private readonly skips: Counter,
  ) {}

  fired(latenessSec: number): void {
    this.lateness.observe(latenessSec);
  }

  /** @param reason one of few: it is a label */
  skipped(reason: string, count: number): void {
    if (count > 0) this.skips.inc({ reason }, count);
  }
}
