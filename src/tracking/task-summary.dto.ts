import { ApiProperty, PickType } from '@nestjs/swagger';
import { TargetView, TaskView } from './task-view.dto.js';

/** The call of a task in a list: without its body. */
export class TargetSummary extends PickType(TargetView, ['url', 'method', 'is_encrypted', 'is_unreadable']) {}

const FIELDS = [
  ...([
    'task_id',
    'client_id',
    'queue',
    'state',
    'type',
    'metadata',
    'created_at',
    'scheduled_at',
    'expires_at',
  ] as const),
  ...(['next_attempt_at', 'finished_at', 'attempts_made', 'max_attempts', 'dead_letter_reason'] as const),
] as const;

/** A task in a list. `GET /v1/tasks/{id}` tells the rest. */
export class TaskSummary extends PickType(TaskView, FIELDS) {
  @ApiProperty({ required: false, description: 'What it calls, if it does.' })
  task?: TargetSummary;

  @ApiProperty({
    required: false,
    description: 'What went wrong last: reason, status, words, beginning of the answer.',
  })
  last_error?: string;
}

/** What was looked at for a page. */
export class WindowView {
  @ApiProperty({ description: 'How many tasks were looked at.' })
  scanned!: number;

  @ApiProperty({
    format: 'date-time',
    type: 'string',
    nullable: true,
    description: 'When the newest of these was stored.',
  })
  from!: string | null;

  @ApiProperty({
    format: 'date-time',
    type: 'string',
    nullable: true,
    description: 'When the oldest of these was stored.',
  })
  to!: string | null;

  @ApiProperty({ description: 'There are no older ones. Otherwise `next_cursor` goes on behind them.' })
  complete!: boolean;
}

/** Tasks, newest first. */
export class TaskList {
  @ApiProperty({ type: [TaskSummary] })
  tasks!: TaskSummary[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Send it as `cursor` for the next page; null when there are no older ones. With a filter a page may have fewer tasks than `limit`, or none, and still not be the last.',
  })
  next_cursor!: string | null;

  window!: WindowView;
}
