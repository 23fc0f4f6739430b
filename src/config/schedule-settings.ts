import { IsInt, Max, Min } from 'class-validator';
import { Env } from './setting.js';

/** How many schedules there may be. */
export class ScheduleSettings {
  @Env('SCHEDULES_MAX', 'Schedules that there may be in all; one more gets 409.')
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  most = 100_000;

  @Env('SCHEDULES_PER_CLIENT', 'Schedules that a client may have; one more gets 409.')
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  mostPerClient = 1000;
}
