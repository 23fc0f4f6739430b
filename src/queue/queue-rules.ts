import type { Config } from '../config/config.js';
import type { Lane } from '../task/lane.js';
import { DAY_MS } from '../time/day.js';
import type { LaneNumbers } from './worker/lane-shares.js';
import type { StepSettings } from './worker/step.js';

const LANE_WEIGHTS: LaneNumbers = { critical: 6, high: 4, default: 3, low: 1 };

/** The weights of the lanes: those of the configuration over the standard ones. */
export function laneWeights({ delivery }: Config): LaneNumbers {
  const weights = { ...LANE_WEIGHTS };
  for (const [, lane, weight] of delivery.queueWeights.matchAll(/(\w+):([\d.]+)/g)) {
    weights[lane as Lane] = Number(weight);
  }
  return weights;
}

/** What is still undelivered this long after it was due becomes a dead letter that names its gate. */
export function maxTaskAgeMs({ delivery }: Config): number {
  return delivery.maxTaskAgeSec * 1000;
}

/** When circuits open and close, as the scripts read it. */
export function breakerText({ circuitBreaker }: Config): string {
  const { failureThreshold, intervalSec, timeoutSec, timeoutMaxSec, maxRequests, rampStep } = circuitBreaker;
  const times = [intervalSec, timeoutSec, timeoutMaxSec].map((seconds) => Math.round(seconds * 1000));
  return [failureThreshold, ...times, maxRequests, rampStep].join(';');
}

export function stepSettings(config: Config, token: string): StepSettings {
  const { delivery, retention } = config;
  return {
    token,
    lockMs: delivery.lockSec * 1000,
    mode: delivery.priorityMode,
    maxAgeMs: maxTaskAgeMs(config),
    completedForMs: Math.round(retention.completedDays * DAY_MS),
    breaker: breakerText(config),
    deadForMs: retention.deadDays > 0 ? Math.round(retention.deadDays * DAY_MS) : undefined,
  };
}
