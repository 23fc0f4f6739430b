import type { Config } from '../config/config.js';
import { compileAddressPolicy } from '../net/address-policy.js';
import type { RetryPolicy } from '../task/retry-policy.js';
import { DAY_MS } from '../time/day.js';
import type { EnqueueRules } from './to-task.js';

/** What the configuration decides about every task. */
export function enqueueRules(config: Config): EnqueueRules {
  return {
    guard: compileAddressPolicy(config.outgoing),
    maxRetries: config.delivery.maxRetry,
    retry: retryDefaults(config.delivery),
    timeoutMs: config.delivery.timeoutSec * 1000,
    maxTimeoutMs: config.delivery.maxTimeoutSec * 1000,
    horizonMs: config.delivery.scheduleHorizonDays * DAY_MS,
  };
}

function retryDefaults({
  retryMinBackoffSec,
  retryMaxBackoffSec,
  retryJitter,
}: Config['delivery']): RetryPolicy {
  return {
    strategy: 'exponential',
    minBackoffMs: Math.round(retryMinBackoffSec * 1000),
    maxBackoffMs: Math.round(retryMaxBackoffSec * 1000),
    jitter: retryJitter,
  };
}
