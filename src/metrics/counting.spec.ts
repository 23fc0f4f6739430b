import * as client from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Counter, Histogram } from './counting.js';
import type { MetricDefinition } from './metric.js';

const definition = {
  help: 'Of this test.',
  role: 'both',
  labels: { lane: 'two', status: 'three' },
} as const;
const counted: MetricDefinition = { ...definition, name: 'test_things_total', type: 'counter' };
const buckets = [0.1, 1, 10];
const timed: MetricDefinition = { ...definition, name: 'test_things_seconds', type: 'histogram', buckets };

const LABELS = [
  { lane: 'low', status: '200' },
  { status: '404', lane: 'low' },
  { lane: 'a "quoted" \\ one\n', status: '200' },
];
/** At bounds, between them, above all of them. */
const VALUES = [0, 0.1, 0.1000001, 1, 5, 10, 11, 1e6];

async function text(metric: unknown): Promise<string> {
  const registry = new client.Registry();
  registry.registerMetric(metric as client.Counter);
  return registry.metrics();
}

const labelNames = Object.keys(definition.labels);

describe('what is exposed is what prom-client exposes', () => {
  it('of a counter', async () => {
    const ours = new Counter(counted);
    const theirs = new client.Counter({ ...counted, labelNames, registers: [] });
    for (const labels of [...LABELS, ...LABELS]) {
      ours.inc(labels);
      theirs.inc(labels);
      ours.inc(labels, 2.5);
      theirs.inc(labels, 2.5);
    }
    expect(await text(ours)).toBe(await text(theirs));
  });

  it('of a histogram', async () => {
    const ours = new Histogram(timed);
    const theirs = new client.Histogram({ ...timed, buckets, labelNames, registers: [] });
    for (const labels of LABELS) {
      for (const value of VALUES) {
        ours.observe(labels, value);
        theirs.observe(labels, value);
      }
    }
    expect(await text(ours)).toBe(await text(theirs));
  });

  it('before anything was counted: 0 without labels, nothing with them', async () => {
    const plain = { ...counted, labels: {} };
    expect(await text(new Counter(plain))).toBe(await text(new client.Counter({ ...plain, registers: [] })));
    const plainly = { ...timed, labels: {} };
    expect(await text(new Histogram(plainly))).toBe(
      await text(new client.Histogram({ ...plainly, buckets, registers: [] })),
    );
    expect(await text(new Counter(counted))).toBe(
      await text(new client.Counter({ ...counted, labelNames, registers: [] })),
    );
  });
});

it('refuses to count without one of its labels', () => {
  const counter = new Counter(counted);
  expect(() => {
    counter.inc({ lane: 'low' });
  }).toThrow('test_things_total counts nothing without its label status');
});

it('keeps its own labels when the object it was given changes', async () => {
  const labels = { lane: 'low', status: '200' };
  const counter = new Counter(counted);
  counter.inc(labels);
  labels.lane = 'high';
  expect(await text(counter)).toContain('lane="low"');
});
