import { Injectable } from '@nestjs/common';
import { HealthRegistry } from '../../health/health-registry.js';
import { ScheduleMetric, type SchedulerLoop } from '../../metrics/schedule-metric.js';
import type { Round } from './round.js';

/** A loop that has completed no round for so long is stalled. */
const STALLED_MS = 60_000;

/** Says in the health and the metrics of the process whether schedules are seen to. */
@Injectable()
export class SchedulerWatch {
  constructor(
    private readonly health: HealthRegistry,
    private readonly metric: ScheduleMetric,
  ) {}

  over(rounds: Readonly<Record<SchedulerLoop, Round>>): void {
    const silence = (): Record<SchedulerLoop, number> => ({
      claims: rounds.claims.silentMs,
      occurrences: rounds.occurrences.silentMs,
    });
    this.metric.measureSilenceWith(silence);
    this.health.register({
      name: 'scheduler',
      // Calls are made all the same, and the API half has nothing to do with it.
      informs: true,
      check: () => {
        const { claims, occurrences } = silence();
        const up = Math.max(claims, occurrences) < STALLED_MS;
        return { up, detail: { last_claims_ms_ago: claims, last_occurrences_ms_ago: occurrences } };
      },
    });
  }
}
