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
    health.register({
      name: 'tracing',
      informs: true,
      check: () => ({ up: true, detail: detailOf(tracing) }),
    });
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

/** Without addresses, and the words of others that may have some: they are in the log. */
function detailOf(tracing: Tracing): Record<string, string | number> {
  const { sent = 0, lost = 0, fault } = tracing.state() ?? {};
  return {
    collector: fault === undefined ? 'ok' : 'does not take traces',
    spans_sent: sent,
    spans_lost: lost,
  };
}
