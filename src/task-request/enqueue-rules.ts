import type { Config } from '../config/config.js';
import { type AddressGuard, compileAddressPolicy } from '../net/address-policy.js';
import type { RetryPolicy } from '../task/retry-policy.js';
import { DAY_MS } from '../time/day.js';

/** What a deployment decides about every task. Times are milliseconds. */
export interface EnqueueRules {
  readonly guard: AddressGuard;
  readonly maxRetries: number;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly horizonMs: number;
}

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
