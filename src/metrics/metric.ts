import { Counter, Gauge, Histogram, register } from 'prom-client';

/** A metric as the catalogue has it. */
export interface MetricDefinition {
  /** With its unit at the end; counters end in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Whose `/metrics` has it. */
  readonly role: 'api' | 'worker' | 'both';
  /** Each label with what bounds its values: a label without a bound is not one. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram, in its unit. */
  readonly buckets?: readonly number[];
}

/** Several applications may live in one process, as tests have them: they count together. */
export function counter(definition: MetricDefinition): Counter {
  const known = register.getSingleMetric(definition.name);
  return known ? (known as Counter) : new Counter(describe(definition));
}

export function gauge(definition: MetricDefinition): Gauge {
  const known = register.getSingleMetric(definition.name);
  return known ? (known as Gauge) : new Gauge(describe(definition));
}

export function histogram(definition: MetricDefinition): Histogram {
  const known = register.getSingleMetric(definition.name);
  if (known) return known as Histogram;
  return new Histogram({ ...describe(definition), buckets: [...(definition.buckets ?? [])] });
}

/**
 * Has a metric read its values when it is scraped. What cannot be read has no values rather than old ones, or 0, which a
 * metric without labels has by itself.
 *
 * @param read gives values with their labels
 */
export function readAtScrape(
  definition: MetricDefinition,
  read: () => Promise<Iterable<Sample>> | Iterable<Sample>,
): void {
  const metric = definition.type === 'counter' ? counter(definition) : gauge(definition);
  // prom-client calls `collect` of a metric before it reads it.
  Object.assign(metric, {
    collect: async () => {
      const samples = await read();
      // From here on in one go: several scrapers may ask at once, and all of them read this metric.
      metric.reset();
      if (Object.keys(definition.labels).length === 0) metric.remove();
      for (const [value, labels = {}] of samples) metric.inc(labels, value);
    },
  });
}

/** A value and its labels. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

function describe({ name, help, labels }: MetricDefinition): {
  name: string;
  help: string;
  labelNames: string[];
} {
  return { name, help, labelNames: Object.keys(labels) };
}
