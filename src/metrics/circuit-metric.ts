import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import type { CircuitChange } from '../task/host-verdict.js';
import { measureAtScrape } from './measure-at-scrape.js';

const CHANGES = 'taskqueue_circuit_changes_total';
const CIRCUITS = 'taskqueue_circuits';

export const circuitMetricProviders = [
  makeCounterProvider({
    name: CHANGES,
    help: 'Circuits of hosts that have come into a state, as this process has made or seen it: open, half_open, closed.',
    labelNames: ['to'],
  }),
  makeGaugeProvider({
    name: CIRCUITS,
    help: 'Hosts whose circuit is not closed (not_closed): open, half-open, or letting tasks in again step by step; and hosts that anything is remembered of (remembered), at most 100,000.',
    labelNames: ['state'],
  }),
];

export interface CircuitCounts {
  readonly notClosed: number;
  readonly remembered: number;
}

@Injectable()
export class CircuitMetric {
  constructor(
    @InjectMetric(CHANGES) private readonly changes: Counter,
    @InjectMetric(CIRCUITS) private readonly circuits: Gauge,
  ) {}

  /** A label of the host would have no bound: the log has it. */
  changed(to: CircuitChange): void {
    this.changes.inc({ to });
  }

  /** @param count asked at each scrape; while it fails, the metric has no values rather than old ones */
  measureWith(count: () => Promise<CircuitCounts>): void {
    measureAtScrape(this.circuits, count, ({ notClosed, remembered }) => {
      this.circuits.set({ state: 'not_closed' }, notClosed);
      this.circuits.set({ state: 'remembered' }, remembered);
    });
  }
}
