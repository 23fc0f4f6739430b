import { Global, Module } from '@nestjs/common';
import { AdmissionMetric } from './admission-metric.js';
import { FleetMetrics } from './fleet-metrics.js';
import { ListenerMetric } from './listener-metric.js';
import { SubmitterMetrics } from './name-metrics.js';
import { OperationMetric } from './operation-metric.js';

const counted = [AdmissionMetric, FleetMetrics, ListenerMetric, OperationMetric, SubmitterMetrics];

/** What only the API half counts. */
@Global()
@Module({ providers: counted, exports: counted })
export class ApiMetricsModule {}
