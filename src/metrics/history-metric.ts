import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { measureAtScrape } from './measure-at-scrape.js';

const BYTES = 'taskqueue_history_bytes';
const EVICTED = 'taskqueue_history_evicted_total';

export const historyMetricProviders = [
  makeGaugeProvider({
    name: BYTES,
    help: 'Memory of Redis, nearly, that completed, cancelled and expired tasks take up, by lane.',
    labelNames: ['priority'],
  }),
  makeCounterProvider({
    name: EVICTED,
    help: 'Such tasks that were removed before their time because of HISTORY_MAX_BYTES, by all workers.',
    labelNames: ['priority'],
  }),
];

interface LaneHistory {
  readonly priority: string;
  readonly bytes: number;
  /** Since the store was set up. */
  readonly evicted: number;
}

@Injectable()
export class HistoryMetric {
  constructor(
    @InjectMetric(BYTES) private readonly bytes: Gauge,
    @InjectMetric(EVICTED) private readonly evicted: Counter,
  ) {}

  /** @param read asked at each scrape; while it fails, the metrics have no values rather than old ones */
  measureWith(read: () => Promise<readonly LaneHistory[]>): void {
    measureAtScrape(this.bytes, read, (lanes) => {
      for (const { priority, bytes } of lanes) this.bytes.set({ priority }, bytes);
    });
    measureAtScrape(this.evicted, read, (lanes) => {
      for (const { priority, evicted } of lanes) this.evicted.inc({ priority }, evicted);
    });
  }
}
