import { Injectable } from '@nestjs/common';
import type { CircuitChange } from '../task/host-verdict.js';
import { counter, type MetricDefinition } from './metric.js';

const changes: MetricDefinition = {
  name: 'taskqueue_circuit_changes_total',
  type: 'counter',
  help: 'Circuits of hosts that have come into a state, as this process has made or seen it: open, half_open, closed.',
  role: 'both',
  labels: { to: 'those three' },
};

export const circuitMetrics = [changes];

@Injectable()
export class CircuitMetric {
  private readonly changes = counter(changes);

  constructor() {
    for (const to of ['open', 'half_open', 'closed']) this.changes.inc({ to }, 0);
  }

  changed(to: CircuitChange): void {
    this.changes.inc({ to });
  }
}
