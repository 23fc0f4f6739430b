import { Global, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { CircuitMetric, circuitMetricProviders } from './circuit-metric.js';
import { AdmissionMetric, admissionMetricProviders } from './admission-metric.js';
import { CallbackMetric, callbackMetricProviders } from './callback-metric.js';
import { DepthMetric, depthMetricProviders } from './depth-metric.js';
import { HistoryMetric, historyMetricProviders } from './history-metric.js';
import { HttpMetrics, httpMetricProviders } from './http-metrics.js';
import { ListenerMetric, listenerMetricProviders } from './listener-metric.js';
import { MetricsController } from './metrics.controller.js';
import { ScheduleMetric, scheduleMetricProviders } from './schedule-metric.js';
import { StoreMetric, storeMetricProviders } from './store-metric.js';
import { TaskMetrics, taskMetricProviders } from './task-metrics.js';

/** Serves `/metrics`; the process's own figures (memory, event loop, collections) come with it. */
@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController })],
  providers: [
    ...taskMetricProviders,
    ...httpMetricProviders,
    ...depthMetricProviders,
    ...historyMetricProviders,
    ...storeMetricProviders,
    ...circuitMetricProviders,
    ...admissionMetricProviders,
    ...listenerMetricProviders,
    ...callbackMetricProviders,
    ...scheduleMetricProviders,
    ScheduleMetric,
    CallbackMetric,
    ListenerMetric,
    TaskMetrics,
    HttpMetrics,
    DepthMetric,
    HistoryMetric,
    StoreMetric,
    CircuitMetric,
    AdmissionMetric,
  ],
  exports: [
    ScheduleMetric,
    CallbackMetric,
    ListenerMetric,
    TaskMetrics,
    HttpMetrics,
    DepthMetric,
    HistoryMetric,
    StoreMetric,
    CircuitMetric,
    AdmissionMetric,
  ],
})
export class MetricsModule {}
