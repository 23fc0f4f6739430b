import type { FleetFigures } from './fleet-figures.js';
import type { MetricDefinition, Sample } from './metric.js';

/** A gauge, or a counter that the store keeps, of the whole fleet. */
export type FleetMetric = Omit<MetricDefinition, 'role'> & {
  readonly role: 'api';
  readonly samples: (figures: FleetFigures) => readonly Sample[];
};

export const gauge = { type: 'gauge', role: 'api' } as const;

/** A metric without labels. */
export const one =
  (value: (figures: FleetFigures) => number) =>
  (figures: FleetFigures): Sample[] => [[value(figures)]];

/** One value for each of what is counted. */
export const byKey =
  (label: string, counts: (figures: FleetFigures) => Readonly<Record<string, number>>) =>
  (figures: FleetFigures): Sample[] =>
    Object.entries(counts(figures)).map(([key, count]) => [count, { [label]: key }]);

export function sum<T>(all: readonly T[], value: (each: T) => number): number {
  return all.reduce((total, each) => total + value(each), 0);
}
