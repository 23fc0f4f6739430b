import { type AlertCase, AT, AT_LABELS, BUILD } from './alert-case.js';

const API = 'taskqueue_build_info{mode="api"} 1x60';
const requests = (status: number, values: string, path = '/v1/enqueue') =>
  `taskqueue_http_requests_total{status="${status}",path="${path}"} ${values}`;
const posts = (le: string, values: string) =>
  `taskqueue_http_request_duration_seconds_bucket{method="POST",le="${le}"} ${values}`;
const operations = (le: string, values: string) =>
  `taskqueue_redis_operation_duration_seconds_bucket{le="${le}"} ${values}`;
const memory = (used: number, max: number) => [
  `taskqueue_store_memory_bytes{kind="used"} ${used}x60`,
  `taskqueue_store_memory_bytes{kind="max"} ${max}x60`,
];
const refused = (reason: string, values: string) =>
  `taskqueue_enqueue_refused_total{reason="${reason}"} ${values}`;

const API_CASES: readonly AlertCase[] = [
  {
    alert: 'TaskRunnerNoApi',
    fires: ['taskqueue_build_info{mode="worker"} 1x60'],
    says: 'There are no metrics of an API: it is down, or it is not found, or /metrics refuses Prometheus. No other alert knows more.',
    isOfNoNamespace: true,
    quiet: { 'there is one': [API], 'both are one': ['taskqueue_build_info{mode="both"} 1x60'] },
  },
  {
    alert: 'TaskRunnerNoFigures',
    fires: [API],
    says: 'No API process tells fresh figures of the fleet: Redis does not answer. Alerts on tasks, workers and Redis are blind.',
    quiet: {
      'they are of now': [API, 'taskqueue_fleet_counted_timestamp_seconds 0+60x60'],
      'it is a worker': ['taskqueue_build_info{mode="worker"} 1x60'],
    },
  },
  {
    alert: 'TaskRunnerNoFigures',
    fires: [API, 'taskqueue_fleet_counted_timestamp_seconds 0+60x10 600x50'],
    says: 'No API process tells fresh figures of the fleet: Redis does not answer. Alerts on tasks, workers and Redis are blind.',
    quiet: {},
  },
  {
    alert: 'TaskRunnerProcessUnreachable',
    fires: [`up{${AT}} 1x5 0x60`, `taskqueue_build_info{${AT},mode="worker"} 1x5 _x60`],
    labels: AT_LABELS,
    says: '10.0.0.7:8082 of worker answered within the last hour, and does not now.',
    quiet: { 'it is another program': [`up{${AT}} 1x5 0x60`], 'it answers': [`up{${AT}} 1x60`, BUILD] },
  },
  {
    alert: 'TaskRunnerRefusesTasks',
    fires: [refused('memory', '0+2x60')],
    labels: { reason: 'memory' },
    says: '10 tasks were refused in five minutes: there is no room (memory).',
    quiet: {
      'somebody sends too much': [refused('rate_limited', '0+9x60'), refused('client', '0+9x60')],
      'it was long ago': [refused('tasks', '9x60')],
    },
  },
  {
    alert: 'TaskRunnerApiFails',
    fires: [requests(202, '0+9x60'), requests(503, '0+1x60')],
    says: '10% of the requests of five minutes were answered 5xx.',
    quiet: {
      'it is the readiness': [requests(202, '0+9x60'), requests(503, '0+9x60', '/health/ready')],
      'senders are refused': [requests(202, '0+9x60'), requests(429, '0+9x60')],
      'there are hardly any': [requests(503, '0+1x60')],
    },
  },
  {
    alert: 'TaskRunnerApiSlow',
    fires: [posts('1', '0x60'), posts('2.5', '0+10x60'), posts('+Inf', '0+10x60')],
    says: 'One POST of a hundred takes longer than 2.485s.',
    quiet: {
      'answers are quick': [posts('0.1', '0+10x60'), posts('+Inf', '0+10x60')],
      'nobody asks': [posts('1', '0x60'), posts('+Inf', '9x60')],
    },
  },
];

const REDIS_CASES: readonly AlertCase[] = [
  {
    alert: 'TaskRunnerRedisMemoryHigh',
    fires: memory(750, 1000),
    says: '75% of maxmemory are used; from REDIS_MEMORY_HIGH_PERCENT (80 %) on enqueueing is refused.',
    quiet: { 'there is room': memory(600, 1000), 'there is no limit': memory(9000, 0) },
  },
  {
    alert: 'TaskRunnerRedisFull',
    fires: memory(950, 1000),
    says: '95% of maxmemory are used. Enqueueing is refused; at 100 % workers cannot write either.',
    quiet: { 'there is some room': memory(850, 1000), 'there is no limit': memory(9000, 0) },
  },
  {
    alert: 'TaskRunnerRedisReplicaLost',
    fires: ['taskqueue_store_replicas 2x10 1x60'],
    says: '1 fewer replicas are in step than within the last day.',
    quiet: {
      'there never was one': ['taskqueue_store_replicas 0x60'],
      'all are there': ['taskqueue_store_replicas 2x60'],
      'it is back soon': ['taskqueue_store_replicas 2x20 1x5 2x60'],
    },
  },
  {
    alert: 'TaskRunnerRedisReplicaSilent',
    fires: ['taskqueue_store_replica_lag_seconds 15x60'],
    says: 'It was heard of 15s ago.',
    quiet: { 'it speaks': ['taskqueue_store_replica_lag_seconds 1x60'] },
  },
  {
    alert: 'TaskRunnerRedisReplicaBehind',
    fires: ['taskqueue_store_replica_behind_bytes 67108864x60'],
    says: 'It lacks 64MiB; above repl-backlog-size it has to copy everything anew.',
    quiet: { 'it follows': ['taskqueue_store_replica_behind_bytes 4096x60'] },
  },
  {
    alert: 'TaskRunnerRedisUnreachable',
    fires: [
      `taskqueue_redis_connected{${AT},connection="worker"} 0x60`,
      `taskqueue_redis_connected{${AT},connection="blocking"} 1x60`,
    ],
    labels: { job: 'worker' },
    says: '1 connections of worker are not ready.',
    quiet: {
      'it is': [`taskqueue_redis_connected{${AT},connection="worker"} 1x60`],
      'it is a failover': [`taskqueue_redis_connected{${AT},connection="worker"} 1x28 0 1x30`],
    },
  },
  {
    alert: 'TaskRunnerRedisErrors',
    fires: ['taskqueue_redis_errors_total{operation="fetch"} 0+60x60'],
    labels: { operation: 'fetch' },
    says: 'fetch fails 1 times a second.',
    quiet: {
      'it is one now and then': ['taskqueue_redis_errors_total{operation="fetch"} 0+1x60'],
      'it was long ago': ['taskqueue_redis_errors_total{operation="fetch"} 900x60'],
    },
  },
  {
    alert: 'TaskRunnerRedisSlow',
    fires: [operations('0.25', '0x60'), operations('0.5', '0+10x60'), operations('+Inf', '0+10x60')],
    says: 'One operation of a hundred takes longer than 497.5ms.',
    quiet: { 'it is quick': [operations('0.005', '0+10x60'), operations('+Inf', '0+10x60')] },
  },
];

const spans = (result: string, values: string) => `taskqueue_trace_spans_total{result="${result}"} ${values}`;

const OTHER_CASES: readonly AlertCase[] = [
  {
    alert: 'TaskRunnerProcessRestarts',
    fires: [`process_start_time_seconds{${AT}} 1x40 2 3 4 5 6x40`, BUILD],
    atMinute: 60,
    labels: AT_LABELS,
    says: '10.0.0.7:8082 of worker has started 5 times within half an hour.',
    quiet: {
      'it is a rollout': [`process_start_time_seconds{${AT}} 1x40 2x40`, BUILD],
      'it is another program': [`process_start_time_seconds{${AT}} 1x40 2 3 4 5 6x40`],
    },
  },
  {
    alert: 'TaskRunnerEventLoopBlocked',
    fires: [`nodejs_eventloop_lag_p99_seconds{${AT}} 0.5x60`, BUILD],
    labels: AT_LABELS,
    says: '10.0.0.7:8082 of worker does what is due 500ms late.',
    quiet: {
      'it is quick': [`nodejs_eventloop_lag_p99_seconds{${AT}} 0.02x60`, BUILD],
      'it is another program': [`nodejs_eventloop_lag_p99_seconds{${AT}} 0.5x60`],
    },
  },
  {
    alert: 'TaskRunnerFewFileDescriptors',
    fires: [`process_open_fds{${AT}} 900x60`, `process_max_fds{${AT}} 1000x60`, BUILD],
    labels: AT_LABELS,
    says: '10.0.0.7:8082 of worker has 90% of its file descriptors open.',
    quiet: {
      'there is room': [`process_open_fds{${AT}} 90x60`, `process_max_fds{${AT}} 1000x60`, BUILD],
      'it is another program': [`process_open_fds{${AT}} 900x60`, `process_max_fds{${AT}} 1000x60`],
    },
  },
  {
    alert: 'TaskRunnerEventsLost',
    fires: ['taskqueue_events_lost_total 0+1x60'],
    says: '15 events were not told within a quarter of an hour. Tasks are not concerned.',
    quiet: { 'it was long ago': ['taskqueue_events_lost_total 40x60'] },
  },
  {
    alert: 'TaskRunnerTracesLost',
    fires: [spans('lost', '0+1x60'), spans('sent', '0+3x60')],
    says: '25% of the spans of a quarter of an hour did not reach the collector. Tasks are not concerned.',
    quiet: {
      'all arrive': [spans('lost', '0x60'), spans('sent', '0+3x60')],
      'there is no tracing': [spans('lost', '0x60'), spans('sent', '0x60')],
    },
  },
];

export const PROCESS_CASES: readonly AlertCase[] = [...API_CASES, ...REDIS_CASES, ...OTHER_CASES];
