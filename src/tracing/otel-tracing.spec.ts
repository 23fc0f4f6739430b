import { afterAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { OtelTracing } from './otel-tracing.js';

const NOBODY = 'http://127.0.0.1:9/v1/traces';
const UNSAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const SAMPLED = UNSAMPLED.replace(/00$/, '01');

const tracing = new OtelTracing(loadConfig({ OTEL_EXPORTER_OTLP_TIMEOUT: '100' }), NOBODY);
afterAll(() => tracing.close());

it('a request whose trace is not kept names its trace and no span, and is not described', () => {
  const describe = vi.fn();
  const request = { method: 'POST', route: '/v1/enqueue', traceparent: UNSAMPLED };
  const span = tracing.request(request, describe);
  span.ended(202);
  expect(span).toMatchObject({ traceparent: UNSAMPLED, traceId: UNSAMPLED.slice(3, 35) });
  expect(span).not.toHaveProperty('spanId');
  expect(describe).not.toHaveBeenCalled();
});

it('one whose trace is kept names its span, from which everything else comes', () => {
  const describe = () => ({ path: '/v1/enqueue', host: 'localhost', scheme: 'http' });
  const request = { method: 'POST', route: '/v1/enqueue', traceparent: SAMPLED };
  const { traceparent, traceId, spanId } = tracing.request(request, describe);
  expect(traceparent).toBe(`00-${traceId}-${spanId}-01`);
  expect(traceId).toBe(SAMPLED.slice(3, 35));
  expect(spanId).not.toBe(SAMPLED.slice(36, 52));
});
