import { dashboard } from './dashboard.mjs';
import { toDashboard } from './links.mjs';
import { bars, graph, stat } from './panels.mjs';
import { FAILED } from './queries.mjs';
import { apiRow, processRow, workerRow } from './overview-processes.mjs';
import { deliveryRow, waitingRow } from './overview-tasks.mjs';

const first = [
  graph({
    title: 'Are tasks delivered?',
    unit: 'ops',
    about:
      'Delivered should follow stored. Failed attempts are tried again; dead letters are not. Fails much: see "Attempts by what they came to" below, then the dashboard Hosts.',
    queries: {
      stored: 'sum(rate(taskqueue_tasks_submitted_total[$__rate_interval]))',
      delivered: 'sum(rate(taskqueue_tasks_completed_total{status="completed"}[$__rate_interval]))',
      'failed attempts': `sum(rate(taskqueue_attempts_total{${FAILED}}[$__rate_interval]))`,
      'dead letters': 'sum(rate(taskqueue_dlq_added_total[$__rate_interval]))',
    },
  }),
  graph({
    title: 'How late are they?',
    unit: 's',
    about:
      'For how long the task has waited that nothing holds and that waits longest, by lane. Seconds are well; it grows: there are too few workers, or they do nothing. See the next panel.',
    queries: { '{{priority}}': 'max by (priority) (taskqueue_queue_oldest_seconds)' },
    steps: { red: 300 },
  }),
  graph({
    title: 'Is anything stuck?',
    unit: 'short',
    about:
      'Could run and no free slots: more workers, or quicker targets. Could run, free slots, and nothing runs: restart the workers, and read their log. Held: by their client, queue or host, see "What holds tasks".',
    queries: {
      'could run now': 'max(taskqueue_runnable_tasks)',
      running: 'max(taskqueue_worker_slots{state="busy"})',
      'free slots': 'max(taskqueue_worker_slots{state="free"})',
      held: 'sum(max by (gate) (taskqueue_deferred_tasks))',
    },
  }),
  bars({
    title: 'Who causes it?',
    unit: 'short',
    about:
      'Clients with the most tasks alive, of those that have a name in metrics (METRICS_MAX_NAMES). One that stands out: open its dashboard by a click, and limit it with POST /admin/clients/set.',
    queries: { '{{client}}': 'topk(8, max by (client) (taskqueue_client_tasks{state="alive"}))' },
    link: toDashboard('client'),
  }),
];

const figures = [
  stat({
    title: 'Workers that take tasks',
    unit: 'short',
    about:
      'None, and tasks wait: start some. Fewer than wanted: the scaling does not follow, or they are paused (GET /admin/workers).',
    queries: { running: 'max(taskqueue_workers{state="running"})', wanted: 'max(taskqueue_desired_workers)' },
  }),
  stat({
    title: 'Attempts that fail',
    unit: 'percentunit',
    about:
      'Of the last five minutes. Much: is it one host (dashboard Hosts), one client (dashboard Clients), or this network?',
    queries: {
      failed: `sum(rate(taskqueue_attempts_total{${FAILED}}[5m])) / sum(rate(taskqueue_attempts_total[5m]))`,
    },
    steps: { orange: 0.05, red: 0.25 },
  }),
  stat({
    title: 'Dead letters',
    unit: 'short',
    about:
      'Kept, and added within the hour. GET /admin/dlq/groups says what they died of; mend it, then retry the group.',
    queries: { kept: 'max(taskqueue_dlq_size)', 'this hour': 'sum(increase(taskqueue_dlq_added_total[1h]))' },
  }),
  stat({
    title: 'Hosts that are shut off',
    unit: 'short',
    about:
      'Circuits that are open. Their tasks wait and use no try. Which: dashboard Hosts, or GET /admin/circuits?state=open.',
    queries: { open: 'max(taskqueue_circuits{state="open"})' },
    steps: { orange: 1 },
  }),
  stat({
    title: 'Memory of Redis',
    unit: 'percentunit',
    about:
      'Of maxmemory; empty without one. From 80 % on enqueueing is refused (REDIS_MEMORY_HIGH_PERCENT). See the dashboard Redis.',
    queries: {
      used: 'max(taskqueue_store_memory_bytes{kind="used"}) / (max(taskqueue_store_memory_bytes{kind="max"}) > 0)',
    },
    steps: { orange: 0.7, red: 0.8 },
  }),
  stat({
    title: 'Age of these figures',
    unit: 's',
    about:
      'Figures of the fleet are counted every five seconds. Older than a minute: the API cannot ask Redis, and what stands here is not so any more.',
    queries: { age: 'time() - max(taskqueue_fleet_counted_timestamp_seconds)' },
    steps: { orange: 60, red: 120 },
  }),
].map((panel) => ({ ...panel, gridPos: { h: 5, w: 4 } }));

export const overview = dashboard({
  name: 'overview',
  title: 'Overview',
  about: 'Are tasks delivered, how late, is anything stuck, and who causes it.',
  rows: [{ panels: first }, { panels: figures }, deliveryRow, waitingRow, workerRow, apiRow, processRow],
});
