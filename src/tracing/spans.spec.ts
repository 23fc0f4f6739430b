import { SpanKind } from '@opentelemetry/api';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { Spans } from './spans.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const from = (flags: string): string => `00-${TRACE}-${PARENT}-${flags}`;
const root = { kind: SpanKind.SERVER, traceparent: undefined };

function spansOf(...sampler: ConstructorParameters<typeof Spans>): Spans {
  const spans = new Spans(...sampler);
  spans.tracer = new TracerProvider({ sampler: new AlwaysOnSampler(), idGenerator: spans }).getTracer('test');
  return spans;
}

it('a trace that its caller does not keep is passed on as it came, and not kept either', () => {
  const spans = spansOf('parentbased_traceidratio', 1);
  expect(spans.passedOn(from('00'))).toBe(from('00'));
  expect(spans.passedOn(from('02'))).toBe(from('00'));
  expect(spans.passedOn(from('01'))).toBeUndefined();
});

it('what is no traceparent begins a trace of its own', () => {
  const spans = spansOf('parentbased_traceidratio', 0);
  const passedOn = spans.passedOn('00-nonsense');
  expect(passedOn).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(passedOn).not.toBe(spans.passedOn(undefined));
});

it('a trace that was found to be kept is the one that begins next, and only that one', () => {
  const spans = spansOf('traceidratio', 0.5);
  const kept = [...Array(200).keys()].filter(() => spans.passedOn(undefined) === undefined);
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.length).toBeLessThan(150);
  for (let n = 0; n < 200; n++) {
    if (spans.passedOn(undefined) !== undefined) continue;
    const { span, ids } = spans.begin('POST /', root);
    expect(span?.spanContext().traceId).toBe(ids.traceId);
    expect(spans.begin('POST /', root).ids.traceId).not.toBe(ids.traceId);
  }
});
