import type { Counter, Gauge } from 'prom-client';

/** A scrape must be answered, also while Redis is away. */
const DEADLINE_MS = 1000;

/**
 * Has a metric tell at each scrape what the store says then. While that cannot be asked, it has no values rather than
 * old ones; it must have labels, or it would have the value 0.
 */
export function measureAtScrape<T>(
  metric: Gauge | Counter,
  read: () => Promise<T>,
  tell: (answer: T) => void,
): void {
  // prom-client calls `collect` of a metric before it reads it.
  Object.assign(metric, {
    collect: async () => {
      metric.reset();
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, DEADLINE_MS, undefined).unref());
      const answer = await Promise.race([read().catch(() => undefined), late]);
      if (answer !== undefined) tell(answer);
    },
  });
}
