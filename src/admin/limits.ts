import type { Faults } from '../task-request/faults.js';
import type { LimitsRequest, LimitsView } from './admin-limits.dto.js';

/** Of a host or a queue; what is absent is no limit. */
export interface Limits {
  readonly maxConcurrent?: number;
  readonly maxPerSecond?: number;
  readonly burst?: number;
}

/** Adds every rule that it breaks to the faults. */
export function readLimits({ max_concurrent, max_per_second, burst }: LimitsRequest, faults: Faults): Limits {
  if (typeof burst === 'number' && typeof max_per_second !== 'number') {
    faults.add('/burst', 'goes with max_per_second');
  }
  return {
    ...(typeof max_concurrent === 'number' && { maxConcurrent: max_concurrent }),
    ...(typeof max_per_second === 'number' && { maxPerSecond: max_per_second }),
    ...(typeof burst === 'number' && { burst }),
  };
}

export function limitsView({
  maxConcurrent,
  maxPerSecond,
  burst,
}: Limits): Pick<LimitsView, keyof LimitsView> {
  return {
    ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent }),
    ...(maxPerSecond !== undefined && { max_per_second: maxPerSecond }),
    ...(burst !== undefined && { burst }),
  };
}
