import { Global, Module } from '@nestjs/common';
import { AttemptMetrics } from './attempt-metrics.js';
import { AttemptNameMetrics } from './name-metrics.js';
import { SettlementMetrics } from './task-metrics.js';
import { WorkerMetrics } from './worker-metrics.js';

const counted = [AttemptMetrics, SettlementMetrics, WorkerMetrics];

/** What only the worker half counts. */
@Global()
@Module({ providers: [...counted, AttemptNameMetrics], exports: counted })
export class WorkerMetricsModule {}
