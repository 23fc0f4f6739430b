import { ApiProperty } from '@nestjs/swagger';
import { MISFIRES, type Misfire } from './misfire.js';
import { OVERLAPS, type Overlap } from './schedule.js';

const TIME = { format: 'date-time' };

export class ScheduledTarget {
  url!: string;
  method!: string;
}

export class LastSkip {
  @ApiProperty(TIME)
  at!: string;

  @ApiProperty({
    description:
      'overlap, missed, paused, too_many_waiting, client_disabled, client_deleted, rate_limited, full, invalid, encryption_key_missing.',
  })
  reason!: string;
}

export class ScheduleView {
  @ApiProperty({ description: '`<client_id>.<schedule_id>`: its id in paths.' })
  id!: string;
  schedule_id!: string;
  client_id!: string;

  @ApiProperty({ enum: ['active', 'paused', 'ended'], description: 'ended: it never fires again.' })
  state!: string;

  @ApiProperty({ required: false })
  pause_reason?: string;

  @ApiProperty({ required: false })
  cron?: string;

  @ApiProperty({ required: false, description: 'Seconds.' })
  every?: number;

  @ApiProperty({ required: false })
  timezone?: string;

  @ApiProperty({ enum: OVERLAPS })
  overlap!: Overlap;

  @ApiProperty({ enum: MISFIRES })
  misfire!: Misfire;

  @ApiProperty({ description: 'Seconds.' })
  max_lateness!: number;

  queue!: string;

  @ApiProperty({
    required: false,
    description: 'Without headers and body. Absent when no key at hand opens it.',
  })
  task?: ScheduledTarget;

  @ApiProperty({ required: false, description: 'Of typed tasks.' })
  type?: string;

  @ApiProperty({ ...TIME, required: false })
  next_run_at?: string;

  @ApiProperty({ ...TIME, required: false, description: 'When it last fired.' })
  last_run_at?: string;

  @ApiProperty({ required: false, description: 'The task of the last occurrence.' })
  last_task_id?: string;

  @ApiProperty({ description: 'Occurrences that became tasks.' })
  fired!: number;

  @ApiProperty({ description: 'Occurrences that did not.' })
  skipped!: number;

  @ApiProperty({ required: false, description: 'When and why one was last left out.' })
  last_skip?: LastSkip;

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty(TIME)
  updated_at!: string;
}

export class ScheduleList {
  @ApiProperty({ type: [ScheduleView] })
  schedules!: ScheduleView[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}

export class PreviewRun {
  @ApiProperty(TIME)
  at!: string;

  @ApiProperty({ required: false, description: 'What clocks show then in the time zone of the schedule.' })
  local_time?: string;

  @ApiProperty({ required: false, description: 'What the setting of clocks does to it.' })
  note?: string;
}

export class Preview {
  @ApiProperty({ type: [PreviewRun] })
  runs!: PreviewRun[];
}

export class RunAnswer {
  @ApiProperty({ enum: ['enqueued'] })
  status!: 'enqueued';

  @ApiProperty({ description: 'A worker makes the task within a second.' })
  task_id!: string;
}
