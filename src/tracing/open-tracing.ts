import type { Config } from '../config/config.js';
import { tracesUrl } from './endpoint.js';
import { NoTracing, type Tracing } from './tracing.js';

/** Loads OpenTelemetry only when traces are wanted. */
export async function openTracing(config: Config): Promise<Tracing> {
  const url = tracesUrl(config.tracing);
  if (url === undefined) return new NoTracing();
  const { OtelTracing } = await import('./otel-tracing.js');
  return new OtelTracing(config, url);
}
