import { Gauge, register } from 'prom-client';
import { Counter, Histogram } from './counting.js';

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
  return (known(definition) as Counter | undefined) ?? registered(new Counter(definition));
}

export function histogram(definition: MetricDefinition): Histogram {
  return (known(definition) as Histogram | undefined) ?? registered(new Histogram(definition));
}

export function gauge(definition: MetricDefinition): Gauge {
  return (known(definition) as Gauge | undefined) ?? new Gauge(describe(definition));
}

/**
 * Has a metric read its values when it is scraped. What cannot be read has no values rather than old ones, or 0.
 *
 * @param read gives values with their labels
 */
export function readAtScrape(
  definition: MetricDefinition,
  read: () => Promise<Iterable<Sample>> | Iterable<Sample>,
): void {
  register.removeSingleMetric(definition.name);
  registered({
    name: definition.name,
    get: async () => {
      const values = Array.from(await read(), ([value, labels = {}]) => ({ value, labels }));
      return { ...definition, values };
    },
  });
}

/** A value and its labels. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

/** A metric needs no more than these for the registry to write it. */
interface Registrable {
  readonly name: string;
  get(): unknown;
}

function registered<Metric extends Registrable>(metric: Metric): Metric {
  register.registerMetric(metric as never);
  return metric;
}

function known({ name }: MetricDefinition): unknown {
  return register.getSingleMetric(name);
}

function describe({ name, help, labels }: MetricDefinition): {
  name: string;
  help: string;
  labelNames: string[];
} {
  return { name, help, labelNames: Object.keys(labels) };
}
