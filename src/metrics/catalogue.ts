import { admissionMetrics } from './admission-metric.js';
import { attemptMetrics } from './attempt-metrics.js';
import { buildMetrics } from './build-metric.js';
import { circuitMetrics } from './circuit-metric.js';
import { eventMetrics } from './event-metric.js';
import { fleetMetrics } from './fleet-metrics.js';
import { httpMetrics } from './http-metrics.js';
import { listenerMetrics } from './listener-metric.js';
import type { MetricDefinition } from './metric.js';
import { attemptNameMetrics, submitterMetrics } from './name-metrics.js';
import { operationMetrics } from './operation-metric.js';
import { processMetrics } from './process-metrics.js';
import { redisMetrics } from './redis-metric.js';
import { settlementMetrics, taskMetrics } from './task-metrics.js';
import { traceMetrics } from './trace-metric.js';
import { workerMetrics } from './worker-metrics.js';

/** Metrics that belong together, for people. */
export interface MetricGroup {
  readonly title: string;
  readonly about: string;
  readonly metrics: readonly MetricDefinition[];
}

/** Every metric of the product. */
export const CATALOGUE: readonly MetricGroup[] = [
  {
    title: 'Tasks',
    about: 'What was stored, what was refused, and what became of it.',
    metrics: [...taskMetrics, ...settlementMetrics, ...admissionMetrics, ...operationMetrics],
  },
  {
    title: 'Attempts',
    about: 'What workers do, and how long it takes.',
    metrics: attemptMetrics,
  },
  {
    title: 'The whole fleet',
    about:
      'Counted in Redis by one process for all; every API process tells the same figures for some seconds. Do not add them up over processes: take `max`.',
    metrics: fleetMetrics,
  },
  {
    title: 'Clients and hosts',
    about: 'Counted by each process for the names that it met first; the others are `other`.',
    metrics: [...submitterMetrics, ...attemptNameMetrics],
  },
  {
    title: 'Worker processes',
    about: 'Of the process that is asked.',
    metrics: workerMetrics,
  },
  {
    title: 'Requests, events and Redis',
    about: 'What goes in and out of a process.',
    metrics: [
      ...httpMetrics,
      ...listenerMetrics,
      ...eventMetrics,
      ...redisMetrics,
      ...circuitMetrics,
      ...traceMetrics,
    ],
  },
  {
    title: 'Processes',
    about: 'Those of the Prometheus client for Node.js; file descriptors only on Linux.',
    metrics: [...buildMetrics, ...processMetrics],
  },
];
