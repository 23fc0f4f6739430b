import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PageLimit } from '../http/page-limit.js';
import { LANES } from '../task/lane.js';
import { QueueView } from './admin-queues.dto.js';

const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } } as const;

export class ListQueuesQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

/** A queue, what is set for it, and how it is doing. */
export class MeasuredQueueView extends QueueView {
  @ApiProperty({
    ...COUNTS,
    description:
      'How many tasks it has that are scheduled, pending, deferred, running, retrying, and dead_letter. A task whose time has come is scheduled or retrying until a worker comes by.',
    example: { pending: 12, running: 3 },
  })
  depth!: Record<string, number>;

  @ApiProperty({ description: 'Tasks that were enqueued, or retried by hand, in the last minute, about.' })
  in_per_minute!: number;

  @ApiProperty({ description: 'Tasks that ended in the last minute, about.' })
  out_per_minute!: number;

  @ApiProperty({
    format: 'date-time',
    required: false,
    description:
      'When the task that has been due for longest was due: of those that the queue itself holds back, and of the 250 that go next in each lane. Left out when none of these is its own.',
  })
  oldest_due_at?: string;

  @ApiProperty({ required: false, description: 'For how long that one has been due, seconds.' })
  oldest_age?: number;
}

export class QueueWorkerView {
  worker_id!: string;

  @ApiProperty({ description: 'Tasks of the queue that it runs.' })
  running!: number;
}

/** With the workers that run its tasks. */
export class QueueDetailView extends MeasuredQueueView {
  @ApiProperty({
    type: [QueueWorkerView],
    description: 'Workers that run its tasks, of the 100 that each of them runs for longest.',
  })
  workers!: QueueWorkerView[];
}

/** Every worker serves every queue. */
export class QueueWorkersView {
  @ApiProperty({ description: 'Workers that take tasks.' })
  running!: number;

  @ApiProperty({ description: 'Workers that are paused, or have drained or are about to.' })
  held!: number;

  @ApiProperty({ description: 'Tasks that all but the held ones may run at once.' })
  slots!: number;

  @ApiProperty({ description: 'Tasks that run.' })
  busy!: number;
}

/** The lanes, most urgent first, then the other queues by name. */
export class QueueList {
  @ApiProperty({ type: [MeasuredQueueView] })
  queues!: MeasuredQueueView[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: '`cursor` of the next page; null on the last.',
  })
  next_cursor!: string | null;

  workers!: QueueWorkersView;

  @ApiProperty({
    ...COUNTS,
    description: 'Tasks that wait in each lane, of all its queues.',
    example: Object.fromEntries(LANES.map((lane) => [lane, 0])),
  })
  queue_depths!: Record<string, number>;

  @ApiProperty({ description: 'Tasks that wait in all lanes.' })
  total_pending!: number;

  @ApiProperty({ description: 'Dead letters.' })
  dlq_size!: number;
}
