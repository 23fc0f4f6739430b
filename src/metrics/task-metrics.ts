import { Injectable } from '@nestjs/common';
import { type Task, typeOf } from '../task/task.js';
import { LANE_LABEL, TYPE_LABEL } from './labels.js';
import { counter, histogram, type MetricDefinition } from './metric.js';

const submitted: MetricDefinition = {
  name: 'taskqueue_tasks_submitted_total',
  type: 'counter',
  help: 'Tasks stored.',
  role: 'both',
  labels: { ...TYPE_LABEL, ...LANE_LABEL },
};
const scheduled: MetricDefinition = {
  name: 'taskqueue_tasks_scheduled_total',
  type: 'counter',
  help: 'Tasks stored for a later time; each is in taskqueue_tasks_submitted_total, too.',
  role: 'both',
  labels: {},
};
const completed: MetricDefinition = {
  name: 'taskqueue_tasks_completed_total',
  type: 'counter',
  help: 'Tasks that have ended, by how: completed, dead_letter, expired, cancelled. By the process that ended them.',
  role: 'both',
  labels: { type: `${TYPE_LABEL.type}; unknown, without an attempt`, status: 'those four' },
};
const retrying: MetricDefinition = {
  name: 'taskqueue_tasks_retrying_total',
  type: 'counter',
  help: 'How often a task failed and was put into backoff.',
  role: 'worker',
  labels: TYPE_LABEL,
};
const retryDelay: MetricDefinition = {
  name: 'taskqueue_retry_delay_seconds',
  type: 'histogram',
  help: 'How long tasks that failed wait for their next attempt.',
  role: 'worker',
  labels: TYPE_LABEL,
  buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600],
};
const buried: MetricDefinition = {
  name: 'taskqueue_dlq_added_total',
  type: 'counter',
  help: 'Tasks that became dead letters.',
  role: 'worker',
  labels: {},
};
const handedBack: MetricDefinition = {
  name: 'taskqueue_tasks_handed_back_total',
  type: 'counter',
  help: 'Attempts that were cut off, or were a probe without an answer: the task waits again, and has used no try.',
  role: 'worker',
  labels: {},
};

export const taskMetrics = [submitted, scheduled, completed];
export const settlementMetrics = [retrying, retryDelay, buried, handedBack];

const UNREAD = 'unknown';

/** How a task ends. */
export type TaskEnd = 'completed' | 'dead_letter' | 'expired' | 'cancelled';

/** Tasks that come and go, in both halves. */
@Injectable()
export class TaskMetrics {
  private readonly submissions = counter(submitted);
  private readonly later = counter(scheduled);
  private readonly ends = counter(completed);

  submitted(task: Task): void {
    this.submissions.inc({ type: typeOf(task), priority: task.lane });
    if (task.scheduledAt > task.createdAt) this.later.inc();
  }

  /** @param type of the task; nothing = it ended without an attempt, and its type was not read */
  ended(status: TaskEnd, type = UNREAD): void {
    this.ends.inc({ type, status });
  }
}

/** What becomes of tasks after their attempts. */
@Injectable()
export class SettlementMetrics {
  private readonly intoBackoff = counter(retrying);
  private readonly delays = histogram(retryDelay);
  private readonly burials = counter(buried);
  private readonly returns = counter(handedBack);

  willRetry(delayMs: number, type = UNREAD): void {
    this.intoBackoff.inc({ type });
    this.delays.observe({ type }, delayMs / 1000);
  }

  died(): void {
    this.burials.inc();
  }

  handedBack(): void {
    this.returns.inc();
  }
}
