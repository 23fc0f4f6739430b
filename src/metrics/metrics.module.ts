import { Global, Module } from '@nestjs/common';
import { AdmissionMetric } from './admission-metric.js';
import { BuildMetric } from './build-metric.js';
import { CircuitMetric } from './circuit-metric.js';
import { EventMetric } from './event-metric.js';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { SubmitterMetrics } from './name-metrics.js';
import { ProcessMetrics } from './process-metrics.js';
import { RedisMetric } from './redis-metric.js';
import { TaskMetrics } from './task-metrics.js';
import { TraceMetric } from './trace-metric.js';

const counted = [
  AdmissionMetric,
  CircuitMetric,
  EventMetric,
  HttpMetrics,
  RedisMetric,
  SubmitterMetrics,
  TaskMetrics,
  TraceMetric,
];

/** Serves `/metrics`, with what both halves count. */
@Global()
@Module({
  controllers: [MetricsController],
  providers: [...counted, BuildMetric, ProcessMetrics],
  exports: counted,
})
export class MetricsModule {}
