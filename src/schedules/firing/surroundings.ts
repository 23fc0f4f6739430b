import { Injectable, Logger } from '@nestjs/common';
import { QueueUnavailable } from '../../queue/task-queue.js';
import { ScheduleMetric, type SchedulerLoop } from '../../metrics/schedule-metric.js';
import { QueueRegistry } from '../../queue/queues/queue-registry.js';
import { isUnavailable } from '../../redis/unavailable.js';
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

  /**
   * Does what is about one schedule. What goes wrong is told, and tried again; only when the store is away, which it is for
   * all of them, that is thrown.
   *
   * @throws QueueUnavailable
   */
  async trying(loop: SchedulerLoop, key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof QueueUnavailable || isUnavailable(error)) throw error;
      this.metric.failed(loop);
      if (this.seldom.isDue(`${loop} ${key}`)) {
        this.logger.error({ err: error, schedule_id: key }, 'a schedule cannot be seen to; trying again');
      }
    }
  }

  /** At most once a minute of each schedule and reason. */
  tell(key: string, taskId: string, reason: string): void {
    if (!this.seldom.isDue(`${key} ${reason}`)) return;
    this.logger.warn({ schedule_id: key, task_id: taskId, reason }, 'an occurrence was left out');
  }
}
