import { Injectable } from '@nestjs/common';
import { SettlementMetrics } from '../../metrics/task-metrics.js';
import { WorkerMetrics } from '../../metrics/worker-metrics.js';
import { countSettlements } from '../count-tasks.js';
import { WorkerPool } from '../worker-pool.js';

/** Tells the metrics what the pool of this process does. */
@Injectable()
export class PoolFigures {
  constructor(pool: WorkerPool, metrics: WorkerMetrics, settlements: SettlementMetrics) {
    pool.meterBy(metrics);
    pool.taskNews.listen({ isWanted: () => true, tell: countSettlements(settlements) });
    metrics.measureWith(() => {
      const { busyMs, running } = pool.load();
      const { slots, forMs } = pool.capacity;
      return { busyMs, idleMs: slots * forMs - busyMs, running: running.length };
    });
  }
}
