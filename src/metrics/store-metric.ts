import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { measureAtScrape } from './measure-at-scrape.js';

const MEMORY = 'taskqueue_store_memory_bytes';
const REFUSED = 'taskqueue_enqueue_refused_total';

export const storeMetricProviders = [
  makeGaugeProvider({
    name: MEMORY,
    help: 'Memory of Redis as of a second ago: used, and max, its maxmemory (0 = none).',
    labelNames: ['kind'],
  }),
  makeCounterProvider({
    name: REFUSED,
    help: 'Tasks that were refused because the store was full: of memory, or of tasks (MAX_QUEUE_SIZE).',
    labelNames: ['reason'],
  }),
];

interface Memory {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

@Injectable()
export class StoreMetric {
  constructor(
    @InjectMetric(MEMORY) private readonly memory: Gauge,
    @InjectMetric(REFUSED) private readonly refusals: Counter,
  ) {}

  /** @param read asked at each scrape; nothing = it is not known, and the metric has no values */
  measureWith(read: () => Memory | undefined): void {
    measureAtScrape(
      this.memory,
      () => Promise.resolve(read()),
      (memory) => {
        if (!memory) return;
        this.memory.set({ kind: 'used' }, memory.usedBytes);
        this.memory.set({ kind: 'max' }, memory.maxBytes);
      },
    );
  }

  refused(reason: 'memory' | 'tasks'): void {
    this.refusals.inc({ reason });
  }
}
