import { toDashboard } from './links.mjs';
import { bars, graph, table } from './panels.mjs';
import { FAILED, quantiles } from './queries.mjs';

/** What becomes of tasks. */
export const deliveryRow = {
  title: 'Delivery',
  panels: [
    graph({
      title: 'Attempts by what they came to',
      unit: 'ops',
      about:
        'rejected: the target answered no, its log says why. not_sent: DNS, TLS, refused connections, or our own guards. ambiguous: time-outs, the target may have done it. interrupted: cut off by us.',
      queries: { '{{class}}': 'sum by (class) (rate(taskqueue_attempts_total[$__rate_interval]))' },
      stacked: true,
    }),
    graph({
      title: 'Answers of targets',
      unit: 'ops',
      about:
        'By class of status; none: no answer. 4xx is often one client that sends what its target does not take, 5xx one host.',
      queries: { '{{status}}': 'sum by (status) (rate(taskqueue_attempts_total[$__rate_interval]))' },
      stacked: true,
    }),
    graph({
      title: 'Duration of attempts',
      unit: 's',
      about:
        'Slow targets keep slots busy. When it grows, look which host it is (dashboard Hosts), and at TASK_TIMEOUT_SEC.',
      queries: quantiles('taskqueue_task_duration_seconds_bucket'),
    }),
    graph({
      title: 'From due to delivered',
      unit: 's',
      about:
        '95 % of tasks are completed within it, waiting, gates and retries included. By lane: urgent ones must not wait for others.',
      queries: {
        '{{priority}}':
          'histogram_quantile(0.95, sum by (priority, le) (rate(taskqueue_task_end_to_end_seconds_bucket[$__rate_interval])))',
      },
    }),
    graph({
      title: 'Retries and what is given up',
      unit: 'ops',
      about:
        'Tasks put into backoff, tasks handed back without a try, and dead letters. A step up dates the cause.',
      queries: {
        'into backoff': 'sum(rate(taskqueue_tasks_retrying_total[$__rate_interval]))',
        'handed back': 'sum(rate(taskqueue_tasks_handed_back_total[$__rate_interval]))',
        'dead letters': 'sum(rate(taskqueue_dlq_added_total[$__rate_interval]))',
        expired: 'sum(rate(taskqueue_tasks_completed_total{status="expired"}[$__rate_interval]))',
      },
    }),
    bars({
      title: 'Hosts that fail most',
      unit: 'ops',
      about:
        'Failed attempts a second, of hosts that have a name in metrics; other is all the rest. Click for the dashboard of the host.',
      queries: { '{{host}}': `topk(8, sum by (host) (rate(taskqueue_host_attempts_total{${FAILED}}[5m])))` },
      link: toDashboard('host'),
    }),
    bars({
      title: 'Clients that fail most',
      unit: 'ops',
      about:
        'Failed attempts a second. A client that fails everywhere sends wrong requests; tell its owner. Click for its dashboard.',
      queries: {
        '{{client}}': `topk(8, sum by (client) (rate(taskqueue_client_attempts_total{${FAILED}}[5m])))`,
      },
      link: toDashboard('client'),
    }),
    table({
      title: 'Alerts that fire',
      unit: 'short',
      about: 'Of Task Runner, in this Prometheus. Each has a section in docs/operating/alerts.md.',
      queries: {
        '': 'max by (alertname, severity) (ALERTS{alertname=~"TaskRunner.*", alertstate="firing"})',
      },
      hidden: ['Value'],
    }),
  ],
};

/** What waits, and why. */
export const waitingRow = {
  title: 'Waiting',
  panels: [
    graph({
      title: 'Tasks by state',
      unit: 'short',
      about:
        'pending may run, deferred is held by a gate, scheduled waits for its time or its backoff. pending grows: see workers below.',
      queries: { '{{state}}': 'sum by (state) (max by (priority, state) (taskqueue_queue_depth))' },
      stacked: true,
    }),
    graph({
      title: 'Due and not running, by lane',
      unit: 'short',
      about: 'With those that a gate holds. See the dashboard Queues for one of them.',
      queries: { '{{priority}}': 'max by (priority) (taskqueue_queue_backlog)' },
      stacked: true,
    }),
    graph({
      title: 'What holds tasks',
      unit: 'short',
      about:
        'client: its cap, or it is disabled. queue: paused, or at its limit. host: its circuit or its limits. client_of_host: that client alone fails there. For one task: GET /v1/tasks/{id}/explain.',
      queries: { '{{gate}}': 'max by (gate) (taskqueue_deferred_tasks)' },
      stacked: true,
    }),
    graph({
      title: 'Tasks that begin after their time',
      unit: 's',
      about:
        '95 % of delayed tasks begin, and of occurrences of schedules become tasks, within it. It grows while workers do not keep up.',
      queries: {
        'delayed tasks':
          'histogram_quantile(0.95, sum by (le) (rate(taskqueue_schedule_lateness_seconds_bucket[$__rate_interval])))',
        occurrences:
          'histogram_quantile(0.95, sum by (le) (rate(taskqueue_occurrence_lateness_seconds_bucket[$__rate_interval])))',
      },
    }),
  ],
};
