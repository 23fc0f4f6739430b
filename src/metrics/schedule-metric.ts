import { Injectable } from '@nestjs/common';
import { counter, histogram, type MetricDefinition } from './metric.js';

const lateness: MetricDefinition = {
  name: 'taskqueue_occurrence_lateness_seconds',
  type: 'histogram',
  help: 'From when an occurrence of a schedule was to fire until it was a task; its count is that of occurrences fired.',
  role: 'worker',
  labels: {},
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86_400],
};
const skipped: MetricDefinition = {
  name: 'taskqueue_schedule_skipped_total',
  type: 'counter',
  help: 'Occurrences of schedules that became no task, by why.',
  role: 'worker',
  labels: {
    reason:
      'overlap, missed, client_disabled, client_deleted, rate_limited, full, invalid, encryption_key_missing',
  },
};

export const scheduleMetrics = [lateness, skipped];

@Injectable()
export class ScheduleMetric {
  private readonly lateness = histogram(lateness);
  private readonly skips = counter(skipped);

  fired(latenessSec: number): void {
    this.lateness.observe({}, latenessSec);
  }

  /** @param reason one of few: it is a label */
  skipped(reason: string, count: number): void {
    if (count > 0) this.skips.inc({ reason }, count);
  }
}
