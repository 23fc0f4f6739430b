import { type DynamicModule, Module } from '@nestjs/common';
import { HealthRegistry } from '../health/health-registry.js';
import { TraceMetric } from '../metrics/trace-metric.js';
import { Tracing } from './tracing.js';

/** Makes tracing known to both halves. */
@Module({})
export class TracingModule {
  constructor(tracing: Tracing, metric: TraceMetric, health: HealthRegistry) {
    tracing.meterBy(metric);
    if (!tracing.state()) return;
    // Up also while the collector is away: nothing depends on it.
    health.register({ name: 'tracing', check: () => ({ up: true, detail: { ...tracing.state() } }) });
  }

  static with(tracing: Tracing): DynamicModule {
    return {
      module: TracingModule,
      global: true,
      providers: [{ provide: Tracing, useValue: tracing }],
      exports: [Tracing],
    };
  }
}
