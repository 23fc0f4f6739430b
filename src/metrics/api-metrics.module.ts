import { Global, Module } from '@nestjs/common';
import { FleetMetrics } from './fleet-metrics.js';
import { ListenerMetric } from './listener-metric.js';
import { OperationMetric } from './operation-metric.js';

const counted = [FleetMetrics, ListenerMetric, OperationMetric];

/** What only the API half counts. */
@Global()
@Module({ providers: counted, exports: counted })
export class ApiMetricsModule {}
