import { AT, type SeriesLine } from './alert-case.js';

const constant: Readonly<Record<string, number>> = {
  'taskqueue_build_info{mode="api",job="api"}': 1,
  [`taskqueue_build_info{${AT},mode="worker"}`]: 1,
  [`up{${AT}}`]: 1,
  [`process_start_time_seconds{${AT}}`]: 1,
  [`process_open_fds{${AT}}`]: 40,
  [`process_max_fds{${AT}}`]: 1024,
  [`nodejs_eventloop_lag_p99_seconds{${AT}}`]: 0.012,
  [`taskqueue_redis_connected{${AT},connection="worker"}`]: 1,
  [`taskqueue_scheduler_silence_seconds{${AT},loop="claims"}`]: 0.4,
  taskqueue_runnable_tasks: 0,
  taskqueue_active_workers: 1,
  taskqueue_desired_workers: 1,
  'taskqueue_workers{state="running"}': 1,
  'taskqueue_worker_slots{state="free"}': 10,
  'taskqueue_worker_slots{state="busy"}': 0,
  'taskqueue_queue_oldest_seconds{priority="critical"}': 0,
  'taskqueue_queue_oldest_seconds{priority="default"}': 0,
  'taskqueue_attempts_total{class="succeeded"}': 1000,
  'taskqueue_attempts_total{class="rejected"}': 900,
  taskqueue_dlq_added_total: 300,
  taskqueue_orphan_claims_total: 40,
  taskqueue_circuit_hosts_remembered: 12,
  taskqueue_schedules_overdue: 0,
  'taskqueue_schedule_skipped_total{reason="missed"}': 3,
  'taskqueue_enqueue_refused_total{reason="memory"}': 7,
  'taskqueue_http_requests_total{status="503",path="/v1/enqueue"}': 50,
  'taskqueue_http_request_duration_seconds_bucket{method="POST",le="1"}': 5,
  'taskqueue_http_request_duration_seconds_bucket{method="POST",le="+Inf"}': 9,
  'taskqueue_redis_operation_duration_seconds_bucket{le="0.25"}': 5,
  'taskqueue_redis_operation_duration_seconds_bucket{le="+Inf"}': 9,
  'taskqueue_redis_errors_total{operation="client"}': 6,
  'taskqueue_store_memory_bytes{kind="used"}': 3e6,
  'taskqueue_store_memory_bytes{kind="max"}': 0,
  taskqueue_store_replicas: 0,
  taskqueue_events_lost_total: 2,
  'taskqueue_trace_spans_total{result="sent"}': 0,
  'taskqueue_trace_spans_total{result="lost"}': 0,
};

/** A whole installation with nothing to do; its counters tell of worse days. */
export const IDLE: readonly SeriesLine[] = [
  ...Object.entries(constant).map(([series, value]) => `${series} ${value}x120`),
  'taskqueue_fleet_counted_timestamp_seconds 0+60x120',
];

/** What is more, when much waits that a gate holds. */
export const HELD: readonly SeriesLine[] = [
  'taskqueue_deferred_tasks{gate="queue"} 0+100x120',
  'taskqueue_deferred_tasks{gate="client"} 9000x120',
  'taskqueue_queue_depth{priority="default",state="deferred"} 0+100x120',
  'taskqueue_queue_backlog{priority="default"} 0+100x120',
];
