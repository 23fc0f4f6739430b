import { Global, Module } from '@nestjs/common';
import { BuildMetric } from './build-metric.js';
import { CircuitMetric } from './circuit-metric.js';
import { EventMetric } from './event-metric.js';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { ProcessMetrics } from './process-metrics.js';
import { RedisMetric } from './redis-metric.js';
import { TaskMetrics } from './task-metrics.js';
import { TraceMetric } from './trace-metric.js';

const counted = [CircuitMetric, EventMetric, HttpMetrics, RedisMetric, TaskMetrics, TraceMetric];

/** Serves `/metrics`, with what both halves count. */
@Global()
@Module({
  controllers: [MetricsController],
  providers: [...counted, BuildMetric, ProcessMetrics],
  exports: counted,
})
export class MetricsModule {}
