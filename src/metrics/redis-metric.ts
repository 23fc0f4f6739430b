import { Injectable } from '@nestjs/common';
import { counter, histogram, type MetricDefinition, readAtScrape } from './metric.js';

const OPERATION = { operation: 'scripts of the product and commands of Redis that it uses' };

const seconds: MetricDefinition = {
  name: 'taskqueue_redis_operation_duration_seconds',
  type: 'histogram',
  help: 'From when a command or script was sent to Redis until its answer was there; those that block on purpose are left out.',
  role: 'both',
  labels: OPERATION,
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
};
const errors: MetricDefinition = {
  name: 'taskqueue_redis_errors_total',
  type: 'counter',
  help: 'Commands and scripts that Redis refused, or did not answer.',
  role: 'both',
  labels: OPERATION,
};
const connected: MetricDefinition = {
  name: 'taskqueue_redis_connected',
  type: 'gauge',
  help: 'Whether a connection of this process to Redis is ready (1) or not (0).',
  role: 'both',
  labels: { connection: 'producer, worker, blocking, events, writer-1 to writer-4' },
};

export const redisMetrics = [seconds, errors, connected];

@Injectable()
export class RedisMetric {
  private readonly seconds = histogram(seconds);
  private readonly errors = counter(errors);

  /** @param operation one of few: it is a label */
  answered(operation: string, ms: number): void {
    this.seconds.observe({ operation }, ms / 1000);
  }

  failed(operation: string): void {
    this.errors.inc({ operation });
  }

  /** @param read gives names of connections and whether they are ready; asked at each scrape */
  measureWith(read: () => Iterable<readonly [connection: string, isReady: boolean]>): void {
    readAtScrape(connected, () =>
      Array.from(read(), ([connection, isReady]) => [Number(isReady), { connection }] as const),
    );
  }
}
