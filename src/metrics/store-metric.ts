import { Injectable } from '@nestjs/common';
import { InjectMetric, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { measureAtScrape } from './measure-at-scrape.js';

const MEMORY = 'taskqueue_store_memory_bytes';

export const storeMetricProviders = [
  makeGaugeProvider({
    name: MEMORY,
    help: 'Memory of Redis as of a second ago: used, and max, its maxmemory (0 = none).',
    labelNames: ['kind'],
  }),
];

interface Memory {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

@Injectable()
export class StoreMetric {
  constructor(@InjectMetric(MEMORY) private readonly memory: Gauge) {}

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
}
