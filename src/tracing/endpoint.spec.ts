import { expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { readPairs, tracesUrl } from './endpoint.js';

const urlFor = (environment: Record<string, string>) => tracesUrl(loadConfig(environment).tracing);

it.each([
  [{}, undefined],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'tracing.controlplane:4318' },
    'http://tracing.controlplane:4318/v1/traces',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example/' }, 'https://otel.example/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel.example/base' }, 'http://otel.example/base/v1/traces'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'b:4318/own/path' },
    'http://b:4318/own/path',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'a:1', OTEL_SDK_DISABLED: 'true' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'a:1', OTEL_TRACES_EXPORTER: 'none' }, undefined],
])('%j sends to %s', (environment: Record<string, string>, url) => {
  expect(urlFor(environment)).toBe(url);
});

it.each(['http://me:pw@otel:4318', 'otel 4318', 'http://otel:4318/?key=x'])('refuses %s', (endpoint) => {
  expect(() => loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT');
});

it('reads pairs as OpenTelemetry writes them', () => {
  expect(readPairs('api-key=a%2Cb, x=y=z')).toEqual({ 'api-key': 'a,b', x: 'y=z' });
  expect(readPairs('')).toEqual({});
});
