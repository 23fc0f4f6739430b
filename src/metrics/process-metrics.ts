import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';
import type { MetricDefinition } from './metric.js';

/** By name: what it is. Those of prom-client that say something of a process, and are named as Prometheus wants it. */
const GAUGES: Readonly<Record<string, string>> = {
  process_start_time_seconds: 'Start time of the process since unix epoch in seconds.',
  process_resident_memory_bytes: 'Resident memory size in bytes.',
  process_virtual_memory_bytes: 'Virtual memory size in bytes.',
  process_heap_bytes: 'Process heap size in bytes.',
  process_open_fds: 'Number of open file descriptors.',
  process_max_fds: 'Maximum number of open file descriptors.',
  nodejs_eventloop_lag_seconds: 'Lag of event loop in seconds.',
  nodejs_eventloop_lag_min_seconds: 'The minimum recorded event loop delay.',
  nodejs_eventloop_lag_max_seconds: 'The maximum recorded event loop delay.',
  nodejs_eventloop_lag_mean_seconds: 'The mean of the recorded event loop delays.',
  nodejs_eventloop_lag_stddev_seconds: 'The standard deviation of the recorded event loop delays.',
  nodejs_eventloop_lag_p50_seconds: 'The 50th percentile of the recorded event loop delays.',
  nodejs_eventloop_lag_p90_seconds: 'The 90th percentile of the recorded event loop delays.',
  nodejs_eventloop_lag_p99_seconds: 'The 99th percentile of the recorded event loop delays.',
  nodejs_heap_size_total_bytes: 'Process heap size from Node.js in bytes.',
  nodejs_heap_size_used_bytes: 'Process heap size used from Node.js in bytes.',
  nodejs_external_memory_bytes: 'Node.js external memory size in bytes.',
};
const COUNTERS: Readonly<Record<string, string>> = {
  process_cpu_user_seconds_total: 'Total user CPU time spent in seconds.',
  process_cpu_system_seconds_total: 'Total system CPU time spent in seconds.',
  process_cpu_seconds_total: 'Total user and system CPU time spent in seconds.',
};
const collections: MetricDefinition = {
  name: 'nodejs_gc_duration_seconds',
  type: 'histogram',
  help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
  role: 'both',
  labels: { kind: 'those four' },
  buckets: [0.001, 0.01, 0.1, 1, 2, 5],
};

const plain =
  (type: 'gauge' | 'counter') =>
  ([name, help]: [string, string]): MetricDefinition => ({ name, type, help, role: 'both', labels: {} });

export const processMetrics: readonly MetricDefinition[] = [
  ...Object.entries(COUNTERS).map(plain('counter')),
  ...Object.entries(GAUGES).map(plain('gauge')),
  collections,
];

/** The figures of the process itself, as prom-client has them. */
@Injectable()
export class ProcessMetrics {
  constructor() {
    if (register.getSingleMetric(collections.name)) return;
    const before = new Set(names());
    collectDefaultMetrics({ gcDurationBuckets: [...(collections.buckets ?? [])] });
    const wanted = new Set(processMetrics.map(({ name }) => name));
    for (const name of names()) if (!before.has(name) && !wanted.has(name)) register.removeSingleMetric(name);
  }
}

function names(): string[] {
  return register.getMetricsAsArray().map(({ name }) => name);
}
