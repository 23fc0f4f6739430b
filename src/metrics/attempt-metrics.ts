import { Injectable } from '@nestjs/common';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import { type Task, typeOf } from '../task/task.js';
import { LANE_LABEL, statusClass, TYPE_LABEL } from './labels.js';
import { counter, histogram, type MetricDefinition } from './metric.js';
import { AttemptNameMetrics } from './name-metrics.js';

const CLASSES = 'succeeded, rejected, ambiguous, not_sent, interrupted';
const WAITS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

const attempts: MetricDefinition = {
  name: 'taskqueue_attempts_total',
  type: 'counter',
  help: 'Attempts by what they came to and by status class (none: no answer).',
  role: 'worker',
  labels: { ...TYPE_LABEL, ...LANE_LABEL, class: CLASSES, status: '1xx to 9xx, none' },
};
const duration: MetricDefinition = {
  name: 'taskqueue_task_duration_seconds',
  type: 'histogram',
  help: 'Duration of attempts: connect, headers and body together.',
  role: 'worker',
  labels: { ...TYPE_LABEL, class: CLASSES },
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
};
const endToEnd: MetricDefinition = {
  name: 'taskqueue_task_end_to_end_seconds',
  type: 'histogram',
  help: 'From when a task was to begin until it was completed: waiting, retries and all.',
  role: 'worker',
  labels: LANE_LABEL,
  buckets: WAITS,
};
const latency: MetricDefinition = {
  name: 'taskqueue_queue_latency_seconds',
  type: 'histogram',
  help: 'How long tasks that were due waited for their first attempt, gates included.',
  role: 'worker',
  labels: LANE_LABEL,
  buckets: WAITS,
};
const lateness: MetricDefinition = {
  name: 'taskqueue_schedule_lateness_seconds',
  type: 'histogram',
  help: 'How long after their time tasks began that were stored for a later time.',
  role: 'worker',
  labels: {},
  buckets: WAITS,
};
const retries: MetricDefinition = {
  name: 'taskqueue_task_retries_total',
  type: 'counter',
  help: 'Attempts that were not the first of their task.',
  role: 'worker',
  labels: TYPE_LABEL,
};

export const attemptMetrics = [attempts, duration, endToEnd, latency, lateness, retries];

/** What is counted of an attempt. */
interface Attempted {
  readonly attempt: Attempt;
  readonly settlement: Settlement;
  /** The host that it called, as it is at its gate. */
  readonly host: string;
}

/** Attempts of this process. */
@Injectable()
export class AttemptMetrics {
  private readonly attempts = counter(attempts);
  private readonly durations = histogram(duration);
  private readonly endToEnd = histogram(endToEnd);
  private readonly latencies = histogram(latency);
  private readonly latenesses = histogram(lateness);
  private readonly retries = counter(retries);

  constructor(private readonly names: AttemptNameMetrics) {}

  attempted(task: Task, { attempt, settlement, host }: Attempted): void {
    this.names.attempted(task, host, attempt);
    const type = typeOf(task);
    const { lane: priority } = task;
    const { class: outcome, timings } = attempt;
    this.attempts.inc({ type, priority, class: outcome, status: statusClass(attempt.status) });
    this.durations.observe({ type, class: outcome }, timings.totalMs / 1000);
    if (attempt.number > 1) this.retries.inc({ type });
    else if (timings.queueMs !== undefined) this.began(task, timings.queueMs / 1000);
    if (settlement.kind !== 'complete') return;
    this.endToEnd.observe({ priority }, Math.max(0, attempt.endedAt - task.scheduledAt) / 1000);
  }

  private began({ lane, scheduledAt, createdAt }: Task, seconds: number): void {
    this.latencies.observe({ priority: lane }, seconds);
    if (scheduledAt > createdAt) this.latenesses.observe({}, seconds);
  }
}
