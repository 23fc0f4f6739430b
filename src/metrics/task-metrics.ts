import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import { type Task, typeOf } from '../task/task.js';

const SUBMITTED = 'taskqueue_tasks_submitted_total';
const ATTEMPTS = 'taskqueue_attempts_total';
const ATTEMPT_SECONDS = 'taskqueue_attempt_duration_seconds';
const SETTLED = 'taskqueue_tasks_settled_total';

/** Labels are bounded: the type of task (built in, or mapped by an admin), a lane, a class of outcome. Never an id, a URL or a client. */

export const taskMetricProviders = [
  makeCounterProvider({ name: SUBMITTED, help: 'Tasks stored.', labelNames: ['type', 'priority'] }),
  makeCounterProvider({
    name: ATTEMPTS,
    help: 'Attempts by what they came to and by status class (none: no answer).',
    labelNames: ['type', 'priority', 'class', 'status'],
  }),
  makeHistogramProvider({
    name: ATTEMPT_SECONDS,
    help: 'Duration of an attempt: connect, headers and body.',
    labelNames: ['type', 'class'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  }),
  makeCounterProvider({
    name: SETTLED,
    help: 'What became of tasks after an attempt: complete, retry, dead_letter, expire, hand_back.',
    labelNames: ['type', 'priority', 'settlement'],
  }),
];

@Injectable()
export class TaskMetrics {
  constructor(
    @InjectMetric(SUBMITTED) private readonly tasksSubmitted: Counter,
    @InjectMetric(ATTEMPTS) private readonly attempts: Counter,
    @InjectMetric(ATTEMPT_SECONDS) private readonly attemptSeconds: Histogram,
    @InjectMetric(SETTLED) private readonly tasksSettled: Counter,
  ) {}

  submitted(task: Task): void {
    const { lane } = task;
    this.tasksSubmitted.inc({ type: typeOf(task), priority: lane });
  }

  attempted(task: Task, attempt: Attempt, settlement: Settlement): void {
    const { lane } = task;
    const type = typeOf(task);
    const status = attempt.status === undefined ? 'none' : `${Math.floor(attempt.status / 100)}xx`;
    this.attempts.inc({ type, priority: lane, class: attempt.class, status });
    this.attemptSeconds.observe({ type, class: attempt.class }, attempt.timings.totalMs / 1000);
    this.tasksSettled.inc({ type, priority: lane, settlement: settlement.kind });
  }
}
