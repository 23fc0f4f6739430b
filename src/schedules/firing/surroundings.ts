import { Injectable, Logger } from '@nestjs/common';
import { ScheduleMetric } from '../../metrics/schedule-metric.js';
import { QueueRegistry } from '../../queue/queues/queue-registry.js';
import { Seldom } from '../../time/seldom.js';
import { TypeMappings } from '../../type-mappings/type-mappings.js';
import { ScheduleSecrets } from '../schedule-secrets.js';
import { ScheduleStore } from '../schedule-store.js';

const SAME_WARNING_EVERY_MS = 60_000;

/** Where it is looked up what an occurrence becomes. */
@Injectable()
export class OccurrenceSources {
  constructor(
    readonly secrets: ScheduleSecrets,
    readonly queues: QueueRegistry,
    readonly types: TypeMappings,
  ) {}
}

/** Where occurrences come from, and who is told what has become of them. */
@Injectable()
export class OccurrenceSurroundings {
  private readonly logger = new Logger('Schedules');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);

  constructor(
    readonly store: ScheduleStore,
    readonly metric: ScheduleMetric,
  ) {}

  /** At most once a minute of each schedule and reason. */
  tell(key: string, taskId: string, reason: string): void {
    if (!this.seldom.isDue(`${key} ${reason}`)) return;
    this.logger.warn({ schedule_id: key, task_id: taskId, reason }, 'an occurrence was left out');
  }
}
