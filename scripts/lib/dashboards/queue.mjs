import { dashboard, several, variable } from './dashboard.mjs';
import { bars, graph, stat } from './panels.mjs';
import { quantiles } from './queries.mjs';
import { toDashboard } from './links.mjs';

const tasks = (state, queue = 'queue=~"$queue"') => `taskqueue_named_queue_tasks{${queue}, state="${state}"}`;
const LANE = 'priority=~"$priority"';

const queues = [
  stat({
    title: 'In this queue',
    unit: 'short',
    about:
      'alive has not ended. Nothing: it is empty, or it is not among the METRICS_MAX_NAMES largest; GET /admin/queues/{name} knows every queue. deferred is held by a gate: GET /v1/tasks/{id}/explain says which.',
    queries: {
      alive: `sum(max by (queue) (${tasks('alive')}))`,
      running: `sum(max by (queue) (${tasks('running')}))`,
      deferred: `sum(max by (queue) (${tasks('deferred')}))`,
    },
    width: 8,
  }),
  graph({
    title: 'Tasks over time',
    unit: 'short',
    about:
      'A queue that is paused (POST /admin/queues/{name}/resume) has all it gets in deferred. It grows and nothing is deferred: too few workers.',
    queries: {
      '{{queue}} alive': `max by (queue) (${tasks('alive')})`,
      '{{queue}} running': `max by (queue) (${tasks('running')})`,
      '{{queue}} deferred': `max by (queue) (${tasks('deferred')})`,
    },
    width: 8,
  }),
  bars({
    title: 'The largest queues',
    unit: 'short',
    about: 'Tasks alive, lanes included. Click for one of them.',
    queries: { '{{queue}}': `topk(10, max by (queue) (${tasks('alive', 'queue!=""')}))` },
    width: 8,
    link: toDashboard('queue'),
  }),
];

const lanes = [
  graph({
    title: 'Waits longest',
    unit: 's',
    about:
      'Of those that no gate holds. Grows in one lane only: others come first (QUEUE_WEIGHTS, PRIORITY_MODE). In all: too few workers.',
    queries: { '{{priority}}': `max by (priority) (taskqueue_queue_oldest_seconds{${LANE}})` },
    steps: { red: 300 },
  }),
  graph({
    title: 'Tasks by state',
    unit: 'short',
    about: 'pending may run, deferred is held by a gate, scheduled waits for its time or its backoff.',
    queries: {
      '{{priority}} {{state}}': `max by (priority, state) (taskqueue_queue_depth{${LANE}})`,
    },
    stacked: true,
  }),
  graph({
    title: 'Taken and not settled',
    unit: 'short',
    about:
      'Tasks that a worker has. It stays while nothing ends: targets hang, see the duration of attempts in the overview.',
    queries: { '{{priority}}': `max by (priority) (taskqueue_queue_pending_unacked{${LANE}})` },
  }),
  graph({
    title: 'Stored',
    unit: 'ops',
    about: 'Who sends them is on the dashboard Clients.',
    queries: {
      '{{priority}}': `sum by (priority) (rate(taskqueue_tasks_submitted_total{${LANE}}[$__rate_interval]))`,
    },
  }),
  graph({
    title: 'Wait for the first attempt',
    unit: 's',
    about: 'Of tasks that are due, gates included. 50 % low and 99 % high: some are held, or come in bursts.',
    queries: quantiles(`taskqueue_queue_latency_seconds_bucket{${LANE}}`),
  }),
  graph({
    title: 'From due to delivered',
    unit: 's',
    about:
      'Waiting, retries and all. Much more than the wait for the first attempt: targets fail or are slow.',
    queries: quantiles(`taskqueue_task_end_to_end_seconds_bucket{${LANE}}`),
  }),
  graph({
    title: 'Attempts by what they came to',
    unit: 'ops',
    about: 'rejected: the target answered no. not_sent: it was not reached. ambiguous: no answer in time.',
    queries: { '{{class}}': `sum by (class) (rate(taskqueue_attempts_total{${LANE}}[$__rate_interval]))` },
    stacked: true,
  }),
  graph({
    title: 'Kept after their end',
    unit: 'short',
    about:
      'Completed, cancelled and expired tasks. Their days and bytes: TASK_RETENTION_DAYS, HISTORY_MAX_BYTES.',
    queries: { '{{priority}}': `max by (priority) (taskqueue_history_tasks{${LANE}})` },
  }),
];

export const queue = dashboard({
  name: 'queue',
  title: 'Queues',
  about: 'One queue, and the lanes: how deep, how late, and why.',
  variables: [
    variable({
      name: 'queue',
      label: 'Queue',
      about: 'Lanes are among them. Those with the most tasks have a name in metrics (METRICS_MAX_NAMES).',
      values: 'taskqueue_named_queue_tasks',
    }),
    variable({
      name: 'priority',
      label: 'Lane',
      about: 'For the lower half.',
      values: 'taskqueue_queue_depth',
      ...several,
    }),
  ],
  rows: [
    { title: 'Queue $queue', panels: queues },
    { title: 'Lanes', panels: lanes },
  ],
});
