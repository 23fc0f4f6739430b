import { Injectable } from '@nestjs/common';
import { counter, histogram, type MetricDefinition, readAtScrape } from './metric.js';

const busy: MetricDefinition = {
  name: 'taskqueue_worker_busy_seconds_total',
  type: 'counter',
  help: 'Slot time of this process that attempts took: 10 slots that all run for a second are 10 s.',
  role: 'worker',
  labels: {},
};
const idle: MetricDefinition = {
  name: 'taskqueue_worker_idle_seconds_total',
  type: 'counter',
  help: 'Slot time of this process in which nothing ran, pauses included.',
  role: 'worker',
  labels: {},
};
const running: MetricDefinition = {
  name: 'taskqueue_worker_running_tasks',
  type: 'gauge',
  help: 'Tasks that this process runs now.',
  role: 'worker',
  labels: {},
};
const orphans: MetricDefinition = {
  name: 'taskqueue_orphan_claims_total',
  type: 'counter',
  help: 'Tasks of lost workers that this process has found and put back.',
  role: 'worker',
  labels: {},
};
const turns: MetricDefinition = {
  name: 'taskqueue_turn_tasks',
  type: 'histogram',
  help: 'Tasks that one round trip of the dispatch loop settled, or fetched.',
  role: 'worker',
  labels: { what: 'settled, fetched' },
  buckets: [0, 1, 2, 4, 8, 16, 32, 64, 128],
};

export const workerMetrics = [busy, idle, running, orphans, turns];

/** Slot time since the pool was started, milliseconds. */
export interface SlotTime {
  readonly busyMs: number;
  readonly idleMs: number;
  readonly running: number;
}

/** This worker process. Its name is no label: Prometheus knows whom it asks, and names of processes have no bound. */
@Injectable()
export class WorkerMetrics {
  private readonly orphans = counter(orphans);
  private readonly turns = histogram(turns);

  /** @param read asked at each scrape */
  measureWith(read: () => SlotTime): void {
    readAtScrape(busy, () => [[read().busyMs / 1000]]);
    readAtScrape(idle, () => [[Math.max(0, read().idleMs) / 1000]]);
    readAtScrape(running, () => [[read().running]]);
  }

  recovered(tasks: number): void {
    this.orphans.inc({}, tasks);
  }

  turned(settled: number, fetched: number): void {
    this.turns.observe({ what: 'settled' }, settled);
    this.turns.observe({ what: 'fetched' }, fetched);
  }
}
