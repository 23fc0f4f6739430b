import type { NamedQueue } from '../queue/queues/queue-settings.js';
import { type Lane, LANE_NAMES } from '../task/lane.js';
import { chooseRetry, type RetryPolicy } from '../task/retry-policy.js';
import type { Faults } from './faults.js';

interface RetryDefaults {
  readonly maxRetries: number;
  readonly retry: RetryPolicy;
}

interface Place extends RetryDefaults {
  readonly queue: string;
  readonly lane: Lane;
}

/** Where a task goes, and how it is retried there unless it says so itself. */
export function readQueue(queue: NamedQueue | undefined, rules: RetryDefaults, faults: Faults): Place {
  if (!queue) {
    const lanes = LANE_NAMES.join(', ');
    faults.add('/queue', `is not a queue; use one of ${lanes}, or create it with PUT /admin/queues/{name}`);
  }
  const { name, settings } = queue ?? { name: 'default', settings: { lane: 'default' as const } };
  return {
    queue: name,
    lane: settings.lane,
    maxRetries: settings.maxRetries ?? rules.maxRetries,
    retry: settings.retry ? chooseRetry(rules.retry, settings.retry) : rules.retry,
  };
}
