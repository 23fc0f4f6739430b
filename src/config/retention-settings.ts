import { IsInt, IsNumber, Max, Min } from 'class-validator';
import { Env } from './setting.js';

/** How long what is finished can be looked up. */
export class RetentionSettings {
  @Env(
    'TASK_RETENTION_DAYS',
    'Days a task can be looked up that was completed or cancelled or has expired, unless its queue says otherwise.',
    { aliases: ['TASKQUEUE_QUEUE_TASKRETENTIONDAYS'] },
  )
  @IsNumber()
  @Min(0)
  @Max(3660)
  completedDays = 7;

  @Env(
    'DEAD_RETENTION_DAYS',
    'Days a dead letter is kept, unless its queue says otherwise; 0 = until someone retries or deletes it.',
  )
  @IsNumber()
  @Min(0)
  @Max(3660)
  deadDays = 30;

  @Env(
    'HISTORY_MAX_BYTES',
    'Memory of Redis, nearly, that tasks may take up that were completed or cancelled or have expired; beyond it those go first that ended first, before their days are over. Dead letters do not count and stay. 0 = no bound.',
  )
  @IsInt()
  @Min(0)
  @Max(2 ** 50)
  historyMaxBytes = 256 * 1024 * 1024;
}
