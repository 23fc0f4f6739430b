import type { Config } from '../config/config.js';
import { compileAddressPolicy } from '../net/address-policy.js';
import type { EnqueueRules } from './to-task.js';

const DAY_MS = 86_400_000;

/** What the configuration decides about every task. */
export function enqueueRules(config: Config): EnqueueRules {
  return {
    guard: compileAddressPolicy({
      allowPrivate: config.allowPrivateUrls,
      allowLoopback: config.allowLoopbackUrls,
      denyCidrs: config.denyCidrs,
    }),
    maxRetries: config.maxRetry,
    timeoutMs: config.taskTimeoutSec * 1000,
    maxTimeoutMs: config.maxTaskTimeoutSec * 1000,
    horizonMs: config.scheduleHorizonDays * DAY_MS,
  };
}
