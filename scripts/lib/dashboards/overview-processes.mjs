import { graph, table } from './panels.mjs';

const ANSWERED = 'path!~"/health.*|/metrics"';

/** Who does the work. */
export const workerRow = {
  title: 'Workers',
  panels: [
    graph({
      title: 'Workers',
      unit: 'short',
      about:
        'By state, and how many the tasks want that could run. paused: GET /admin/workers says who did it and why.',
      queries: {
        '{{state}}': 'max by (state) (taskqueue_workers)',
        wanted: 'max(taskqueue_desired_workers)',
      },
    }),
    graph({
      title: 'Slots',
      unit: 'short',
      about:
        'All busy for long: targets are slow, or there are too few workers. WORKER_CONCURRENCY is how many slots one has.',
      queries: { '{{state}}': 'max by (state) (taskqueue_worker_slots)' },
      stacked: true,
    }),
    graph({
      title: 'How busy slots are',
      unit: 'percentunit',
      about:
        'Share of slot time in which attempts ran, by process. One that is idle among busy ones: restart it.',
      queries: {
        '{{instance}}':
          'rate(taskqueue_worker_busy_seconds_total[$__rate_interval]) / (rate(taskqueue_worker_busy_seconds_total[$__rate_interval]) + rate(taskqueue_worker_idle_seconds_total[$__rate_interval]))',
      },
    }),
    graph({
      title: 'Tasks of lost workers',
      unit: 'short',
      about:
        'Put back within the last five minutes. A rollout has a few; else workers die: out of memory, killed, or cut off from Redis.',
      queries: { 'put back': 'sum(increase(taskqueue_orphan_claims_total[5m]))' },
    }),
  ],
};

/** What goes into the API. */
export const apiRow = {
  title: 'API',
  panels: [
    graph({
      title: 'Requests by status',
      unit: 'reqps',
      about:
        '429: somebody sends too much. 503: it has no room, or Redis is away; see the next panel. 500: read the log of the API, and report it.',
      queries: {
        '{{status}}': `sum by (status) (rate(taskqueue_http_requests_total{${ANSWERED}}[$__rate_interval]))`,
      },
      stacked: true,
    }),
    graph({
      title: 'Tasks that were refused, by why',
      unit: 'ops',
      about:
        'memory: Redis is nearly full. tasks: MAX_QUEUE_SIZE. client, queue: their max_alive. rate_limited, throttled: docs/operating/limits.md.',
      queries: { '{{reason}}': 'sum by (reason) (rate(taskqueue_enqueue_refused_total[$__rate_interval]))' },
      stacked: true,
    }),
    graph({
      title: 'How long answers take',
      unit: 's',
      about:
        '99 % are given within it, by route. All slow: Redis (its dashboard) or too little CPU (event loop, below).',
      queries: {
        '{{method}} {{path}}': `topk(8, histogram_quantile(0.99, sum by (method, path, le) (rate(taskqueue_http_request_duration_seconds_bucket{${ANSWERED}}[$__rate_interval]))))`,
      },
    }),
    graph({
      title: 'Requests that were too many',
      unit: 'reqps',
      about:
        'tier: a client has more tasks a minute than its tier allows. ingress: more requests a second than INGRESS_RPS.',
      queries: { '{{limit}}': 'sum by (limit) (rate(taskqueue_rate_limit_hits_total[$__rate_interval]))' },
    }),
    graph({
      title: 'Schedules',
      unit: 'ops',
      about:
        'Occurrences that became tasks, and those that did not, by why. missed: no worker looked in time.',
      queries: {
        fired: 'sum(rate(taskqueue_occurrence_lateness_seconds_count[$__rate_interval]))',
        'not: {{reason}}': 'sum by (reason) (rate(taskqueue_schedule_skipped_total[$__rate_interval]))',
      },
    }),
    graph({
      title: 'Operations and callbacks',
      unit: 'ops',
      about: 'Tasks that operations deal with (GET /admin/operations), and callbacks that became tasks.',
      queries: {
        '{{action}}: {{result}}':
          'sum by (action, result) (rate(taskqueue_operation_tasks_total[$__rate_interval]))',
        'callback: {{state}}': 'sum by (state) (rate(taskqueue_callbacks_total[$__rate_interval]))',
      },
    }),
    graph({
      title: 'Events',
      unit: 'ops',
      about: 'Told, and lost because Redis was slow or away: listeners have a gap then and must look again.',
      queries: {
        told: 'sum(rate(taskqueue_events_published_total[$__rate_interval]))',
        lost: 'sum(rate(taskqueue_events_lost_total[$__rate_interval]))',
      },
    }),
    graph({
      title: 'Listeners',
      unit: 'short',
      about: 'Of events, and among them WebSockets, by process. EVENTS_MAX_LISTENERS is how many one takes.',
      queries: {
        '{{instance}}': 'sum by (instance) (taskqueue_event_listeners)',
        'WebSockets {{instance}}': 'sum by (instance) (taskqueue_websocket_connections)',
      },
    }),
  ],
};

/** Those that run. */
export const processRow = {
  title: 'Processes',
  panels: [
    graph({
      title: 'Event loop: how late',
      unit: 's',
      about:
        '99 % of what is due in a process begins within it. Over 50 ms for long: it has too little CPU, or too much to do.',
      queries: { '{{instance}}': 'max by (instance) (nodejs_eventloop_lag_p99_seconds)' },
      steps: { orange: 0.05, red: 0.25 },
    }),
    graph({
      title: 'CPU in use',
      unit: 'percentunit',
      about: 'Of one core. A process does not use more than one: from 80 % on start another.',
      queries: { '{{instance}}': 'sum by (instance) (rate(process_cpu_seconds_total[$__rate_interval]))' },
    }),
    graph({
      title: 'Memory',
      unit: 'bytes',
      about: 'Resident. Compare it with the limit of the container; it must not grow for days.',
      queries: { '{{instance}}': 'max by (instance) (process_resident_memory_bytes)' },
    }),
    graph({
      title: 'Open files and connections',
      unit: 'percentunit',
      about:
        'Share of what the process may open. Near 1: raise the limit (ulimit -n), or bound MAX_CONNECTIONS.',
      queries: { '{{instance}}': 'max by (instance) (process_open_fds / process_max_fds)' },
    }),
    table({
      title: 'What runs',
      unit: 'short',
      about: 'Versions that are mixed for longer than a rollout: one half was not upgraded.',
      queries: { '': 'max by (instance, job, mode, version, commit, node) (taskqueue_build_info)' },
      hidden: ['Value'],
      width: 18,
    }),
    graph({
      title: 'Spans of traces',
      unit: 'ops',
      about: 'lost: the collector does not take them. Tasks are not held up by it. 0 without tracing.',
      queries: { '{{result}}': 'sum by (result) (rate(taskqueue_trace_spans_total[$__rate_interval]))' },
    }),
  ],
};
