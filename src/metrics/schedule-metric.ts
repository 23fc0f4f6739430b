import { Injectable } from '@nestjs/common';
import { counter, histogram, type MetricDefinition, readAtScrape } from './metric.js';

const lateness: MetricDefinition = {
  name: 'taskqueue_occurrence_lateness_seconds',
  type: 'histogram',
  help: 'From when an occurrence of a schedule was to fire until it was a task; its count is that of occurrences fired.',
  role: 'worker',
  labels: {},
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86_400],
};
const SKIPPED_FOR = [
  'overlap',
  'missed',
  'paused',
  'too_many_waiting',
  'client_disabled',
  'client_deleted',
  'rate_limited',
  'full',
  'invalid',
  'encryption_key_missing',
];
const skipped: MetricDefinition = {
  name: 'taskqueue_schedule_skipped_total',
  type: 'counter',
  help: 'Occurrences of schedules that became no task, by why.',
  role: 'worker',
  labels: { reason: SKIPPED_FOR.join(', ') },
};

/** What fires schedules, in two loops: one claims what is due, the other makes tasks of what was claimed. */
const SCHEDULER_LOOPS = ['claims', 'occurrences'] as const;
export type SchedulerLoop = (typeof SCHEDULER_LOOPS)[number];

const faults: MetricDefinition = {
  name: 'taskqueue_scheduler_faults_total',
  type: 'counter',
  help: 'How often a schedule could not be claimed, or an occurrence not be made a task, for no reason that was foreseen; it is tried again, and the log says what it was.',
  role: 'worker',
  labels: { loop: SCHEDULER_LOOPS.join(', ') },
};
const silence: MetricDefinition = {
  name: 'taskqueue_scheduler_silence_seconds',
  type: 'gauge',
  help: 'How long ago the loops of this worker last completed a round that fire schedules: claims of what is due, and occurrences that become tasks. More than 60 = it is stalled.',
  role: 'worker',
  labels: { loop: SCHEDULER_LOOPS.join(', ') },
};

export const scheduleMetrics = [lateness, skipped, faults, silence];

@Injectable()
export class ScheduleMetric {
  private readonly lateness = histogram(lateness);
  private readonly skips = counter(skipped);
  private readonly faults = counter(faults);

  constructor() {
    // Prometheus does not see a counter grow that begins above 0.
    for (const reason of SKIPPED_FOR) this.skips.inc({ reason }, 0);
    for (const loop of SCHEDULER_LOOPS) this.faults.inc({ loop }, 0);
  }

  fired(latenessSec: number): void {
    this.lateness.observe({}, latenessSec);
  }

  failed(loop: SchedulerLoop): void {
    this.faults.inc({ loop });
  }

  /** @param read gives how long ago each loop last completed, milliseconds */
  measureSilenceWith(read: () => Readonly<Record<SchedulerLoop, number>>): void {
    readAtScrape(silence, () => Object.entries(read()).map(([loop, ms]) => [ms / 1000, { loop }] as const));
  }

  /** @param reason one of few: it is a label */
  skipped(reason: string, count: number): void {
    if (count > 0) this.skips.inc({ reason }, count);
  }
}
