import { IsNumber, Max, Min } from 'class-validator';
import { Env } from './setting.js';

/** How long what is finished can be looked up. */
export class RetentionSettings {
  @Env('TASK_RETENTION_DAYS', 'Days a completed task can be looked up.')
  @IsNumber()
  @Min(0)
  @Max(3660)
  completedDays = 7;

  @Env('DEAD_RETENTION_DAYS', 'Days a dead letter is kept; 0 = until someone retries or deletes it.')
  @IsNumber()
  @Min(0)
  @Max(3660)
  deadDays = 30;
}
