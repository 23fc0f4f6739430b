import { Logger } from '@nestjs/common';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Collector } from '../../test/support/collector.js';
import { loadConfig } from '../config/load-config.js';
import { Exporting } from './exporting.js';

let collector: Collector;
beforeEach(async () => {
  Logger.overrideLogger(false);
  collector = await Collector.start();
});
afterEach(() => collector.stop());

function exportingTo(address: string) {
  const { tracing } = loadConfig({ OTEL_BSP_MAX_QUEUE_SIZE: '4', OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
  const exporting = new Exporting(tracing, `http://${address}/v1/traces`);
  const provider = new TracerProvider({ spanProcessors: [exporting.processor()] });
  const told = { sent: 0, lost: 0 };
  exporting.meterBy({
    exported: (spans) => void (told.sent += spans),
    lost: (spans) => void (told.lost += spans),
  });
  const end = (spans: number): void => {
    const tracer = provider.getTracer('test');
    for (let n = 0; n < spans; n++) tracer.startSpan('a span').end();
  };
  return { exporting, told, end, close: () => provider.shutdown().catch(() => undefined) };
}

it('each span is either sent or counted as lost, those, too, that did not fit into the buffer', async () => {
  const { exporting, told, end, close } = exportingTo(collector.address);
  end(10);
  await close();
  expect(collector.spans).toHaveLength(told.sent);
  expect(told.lost).toBeGreaterThan(0);
  expect(told.sent + told.lost).toBe(10);
  expect(exporting.state()).toMatchObject({ sent: told.sent, lost: told.lost });
});

it('what the collector does not take is lost, and said to be so', async () => {
  const gone = await Collector.start();
  const { address } = gone;
  await gone.stop();
  const { exporting, told, end, close } = exportingTo(address);
  end(3);
  await close();
  expect(told).toEqual({ sent: 0, lost: 3 });
  expect(exporting.state().fault).toBeTypeOf('string');
});
