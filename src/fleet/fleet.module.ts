import { Module } from '@nestjs/common';
import { type ComponentHealth, HealthRegistry } from '../health/health-registry.js';
import type { LaneFigures } from '../metrics/fleet-figures.js';
import { formatTime } from '../time/rfc3339.js';
import { WorkerRegistryModule } from '../workers/registry.module.js';
import { AutoscaleController } from './autoscale.controller.js';
import { FleetCount } from './fleet-count.js';
import { FleetSurvey, type Survey } from './fleet-survey.js';

/** API half: the figures of the whole fleet, for `/metrics`, `/health/detailed` and whoever starts and stops workers. */
@Module({
  imports: [WorkerRegistryModule],
  controllers: [AutoscaleController],
  providers: [FleetCount, FleetSurvey],
  exports: [FleetCount],
})
export class FleetModule {
  constructor(fleet: FleetCount, health: HealthRegistry) {
    const tell = (name: string, detail: (survey: Survey) => ComponentHealth['detail']): void => {
      health.register({ name, informs: true, check: async () => healthOf(await fleet.read(), detail) });
    };
    tell('queue', queueDetail);
    tell('workers', workersDetail);
    tell('circuits', ({ circuits }) => ({ ...circuits }));
    tell('schedules', ({ overdueSchedules }) => ({ overdue: overdueSchedules }));
  }
}

/** What is not known is no fault of theirs: Redis is away, and says so itself. */
function healthOf(
  survey: Survey | undefined,
  detail: (survey: Survey) => ComponentHealth['detail'],
): ComponentHealth {
  return { up: true, detail: survey ? { ...detail(survey) } : { known: false } };
}

function queueDetail({ lanes, runnable, at }: Survey): ComponentHealth['detail'] {
  const sum = (value: (lane: LaneFigures) => number): number =>
    lanes.reduce((total, lane) => total + value(lane), 0);
  return {
    pending: sum(({ pending }) => pending),
    running: sum(({ running }) => running),
    deferred: sum(({ deferred }) => deferred),
    scheduled: sum(({ scheduled }) => scheduled),
    dead_letters: sum(({ dead }) => dead),
    runnable,
    oldest_sec: Math.max(...lanes.map(({ oldestSec }) => oldestSec)),
    counted_at: formatTime(at),
  };
}

function workersDetail({ workers, busySlots, freeSlots, desiredWorkers }: Survey): ComponentHealth['detail'] {
  return { ...workers, busy_slots: busySlots, free_slots: freeSlots, desired: desiredWorkers };
}
