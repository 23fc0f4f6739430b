import { dashboard } from './dashboard.mjs';
import { graph, stat } from './panels.mjs';

const USED = 'max(taskqueue_store_memory_bytes{kind="used"})';
const LIMIT = 'max(taskqueue_store_memory_bytes{kind="max"})';
const seconds = (share, by) =>
  `histogram_quantile(${share}, sum by (${by}) (rate(taskqueue_redis_operation_duration_seconds_bucket[$__rate_interval])))`;

const figures = [
  stat({
    title: 'Memory in use',
    unit: 'percentunit',
    about:
      'Of maxmemory; empty without one. Over 70 %: more memory, or fewer tasks kept (docs/operating/sizing.md). From 80 % on enqueueing answers 503.',
    queries: { used: `${USED} / (${LIMIT} > 0)` },
    steps: { orange: 0.7, red: 0.8 },
  }),
  stat({
    title: 'Replicas in step',
    unit: 'short',
    about:
      'With Sentinel there should be as many as you run, at least one: without any nothing is acknowledged (docs/operating/durability.md).',
    queries: { replicas: 'max(taskqueue_store_replicas)' },
  }),
  stat({
    title: 'Connections that are not ready',
    unit: 'short',
    about:
      'Of all processes. Some: those processes do not reach Redis. All: it is down, or a failover is under way.',
    queries: { 'not ready': 'count(taskqueue_redis_connected == 0) or vector(0)' },
    steps: { red: 1 },
  }),
  stat({
    title: 'Errors',
    unit: 'ops',
    about: 'Commands that Redis refused or did not answer. Which, and what to do: "Errors by operation".',
    queries: { errors: 'sum(rate(taskqueue_redis_errors_total[5m])) or vector(0)' },
    steps: { orange: 0.1 },
  }),
];

const memory = [
  graph({
    title: 'Memory',
    unit: 'bytes',
    about:
      'used as Redis compares it with maxmemory. It grows with what waits, dead letters, and what is kept.',
    queries: { used: USED, maxmemory: `${LIMIT} > 0` },
  }),
  graph({
    title: 'Tasks that take it up',
    unit: 'short',
    about:
      'Alive: see the overview. Dead letters stay until they are dealt with (docs/operating/dead-letters.md). Kept: HISTORY_MAX_BYTES.',
    queries: {
      alive: 'sum(max by (priority, state) (taskqueue_queue_depth))',
      'dead letters': 'max(taskqueue_dlq_size)',
      kept: 'sum(max by (priority) (taskqueue_history_tasks))',
    },
    stacked: true,
  }),
  graph({
    title: 'Memory of what is kept',
    unit: 'bytes',
    about: 'Of completed, cancelled and expired tasks, nearly. HISTORY_MAX_BYTES bounds it.',
    queries: { '{{priority}}': 'max by (priority) (taskqueue_history_bytes)' },
    stacked: true,
  }),
  graph({
    title: 'Removed before their time',
    unit: 'ops',
    about:
      'Tasks of the history, because of HISTORY_MAX_BYTES. Whoever looks them up does not find them: raise it, if there is memory.',
    queries: {
      '{{priority}}': 'max by (priority) (rate(taskqueue_history_evicted_total[$__rate_interval]))',
    },
  }),
];

const speed = [
  graph({
    title: 'How long Redis takes',
    unit: 's',
    about:
      'Milliseconds are well. Slow, and the event loop is not (overview): Redis, its disk (appendfsync) or the network.',
    queries: { '50 %': seconds(0.5, 'le'), '99 %': seconds(0.99, 'le') },
    steps: { red: 0.25 },
  }),
  graph({
    title: 'Slowest operations',
    unit: 's',
    about: '99 % are answered within it. One alone is slow: it does much at once; all: see left.',
    queries: { '{{operation}}': `topk(8, ${seconds(0.99, 'operation, le')})` },
  }),
  graph({
    title: 'Operations',
    unit: 'ops',
    about:
      'The most frequent scripts and commands. Redis uses one core: 19,000 tasks a second are its end (docs/operating/sizing.md).',
    queries: {
      '{{operation}}':
        'topk(8, sum by (operation) (rate(taskqueue_redis_operation_duration_seconds_count[$__rate_interval])))',
    },
    stacked: true,
  }),
  graph({
    title: 'Errors by operation',
    unit: 'ops',
    about:
      'OOM: it is full. MISCONF: its disk is full or broken. NOPERM: rights of the user. READONLY: a failover. The log of the process has the words.',
    queries: { '{{operation}}': 'sum by (operation) (rate(taskqueue_redis_errors_total[$__rate_interval]))' },
    stacked: true,
  }),
];

const replicas = [
  graph({
    title: 'Replicas',
    unit: 'short',
    about: 'In step with the master. Fewer than before: one is down, or cut off.',
    queries: { 'in step': 'max(taskqueue_store_replicas)' },
  }),
  graph({
    title: 'Silent for',
    unit: 's',
    about: 'The replica that was heard of longest ago. It says something every second.',
    queries: { silent: 'max(taskqueue_store_replica_lag_seconds)' },
    steps: { red: 10 },
  }),
  graph({
    title: 'Behind by',
    unit: 'bytes',
    about:
      'The replica that is furthest behind. Enqueueing waits for it (DURABILITY=replica). Above repl-backlog-size it has to copy everything anew.',
    queries: { behind: 'max(taskqueue_store_replica_behind_bytes)' },
  }),
  graph({
    title: 'Connections that are ready',
    unit: 'short',
    about: 'By process. A gap dates an outage or a failover.',
    queries: { '{{instance}}': 'sum by (instance) (taskqueue_redis_connected)' },
  }),
];

export const redis = dashboard({
  name: 'redis',
  title: 'Redis',
  about: 'Redis as Task Runner sees it: memory, speed, errors, replicas.',
  rows: [
    { panels: figures.map((panel) => ({ ...panel, gridPos: { ...panel.gridPos, h: 5 } })) },
    { title: 'Memory', panels: memory },
    { title: 'Speed and errors', panels: speed },
    { title: 'Replicas and connections', panels: replicas },
  ],
});
