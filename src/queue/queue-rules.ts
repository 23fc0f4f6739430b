import type { Config } from '../config/config.js';
import type { LaneNumbers } from './lane-shares.js';
import type { StepSettings } from './step.js';

const DAY_MS = 86_400_000;

export const LANE_WEIGHTS: LaneNumbers = { critical: 6, high: 4, default: 3, low: 1 };

/** What is still undelivered this long after it was due becomes a dead letter that names its gate. */
export const MAX_TASK_AGE_MS = 7 * DAY_MS;

export function stepSettings({ delivery, retention }: Config, token: string): StepSettings {
  return {
    token,
    lockMs: delivery.lockSec * 1000,
    mode: 'weighted',
    maxAgeMs: MAX_TASK_AGE_MS,
    completedForMs: Math.round(retention.completedDays * DAY_MS),
    deadForMs: retention.deadDays > 0 ? Math.round(retention.deadDays * DAY_MS) : undefined,
  };
}
