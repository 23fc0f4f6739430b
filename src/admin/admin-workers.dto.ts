import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PageLimit } from '../http/page-limit.js';
import { IsText } from '../http/validators.js';
import { WORKER_STATES, type WorkerState } from '../workers/worker.js';

const TIME = { format: 'date-time' };

export class ListWorkersQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

export class HoldWorkerRequest {
  /** For whoever asks why. */
  @IsOptional()
  @IsText()
  @MaxLength(500)
  reason?: string | null;
}

/** A worker process, as it described itself last. */
export class WorkerView {
  @ApiProperty({ example: 'worker-1' })
  worker_id!: string;

  @ApiProperty({
    enum: WORKER_STATES,
    description:
      '`paused` takes no task, and what it runs goes on; `draining` takes none and ends what it runs; `drained` has done so; `gone` is not there any more and is shown for an hour.',
  })
  state!: WorkerState;

  @ApiProperty({ description: 'Of the machine, container or pod.' })
  host!: string;

  pid!: number;
  version!: string;

  @ApiProperty(TIME)
  started_at!: string;

  @ApiProperty({ ...TIME, description: 'When it was last heard of.' })
  seen_at!: string;

  @ApiProperty({ description: 'Tasks that it may run at once.' })
  concurrency!: number;

  @ApiProperty({ description: 'Tasks that it runs.' })
  busy!: number;

  @ApiProperty({ description: 'Attempts that have ended since it was started.' })
  tasks_done!: number;

  @ApiProperty({
    enum: ['paused', 'drained'],
    required: false,
    description: 'What an admin wants of it; absent when it may work.',
  })
  wanted?: 'paused' | 'drained';

  @ApiProperty({ ...TIME, required: false })
  wanted_since?: string;

  @ApiProperty({ required: false, description: 'Why it was paused.' })
  reason?: string;

  @ApiProperty({ ...TIME, required: false })
  gone_at?: string;

  @ApiProperty({
    enum: ['stopped', 'lost'],
    required: false,
    description: '`lost`: it was not heard of for WORKER_TIMEOUT_SEC; its tasks run again on others.',
  })
  gone_because?: 'stopped' | 'lost';
}

/** A task that a worker runs. */
export class RunningTaskView {
  task_id!: string;
  queue!: string;
  client_id!: string;

  type!: string;

  @ApiProperty({ description: 'The host that is called; empty when none is.' })
  host!: string;

  @ApiProperty({ description: 'Number of this attempt, from 1.' })
  attempt!: number;

  @ApiProperty({ ...TIME, description: 'When it began.' })
  since!: string;
}

/** A worker process and what it runs. */
export class WorkerDetailView extends WorkerView {
  @ApiProperty({
    type: [RunningTaskView],
    description:
      'Longest first, at most 100; `busy` says how many there are. Of one that is gone, what it ran when it was last heard of.',
  })
  running!: RunningTaskView[];
}

/** Worker processes, in the order of their ids. */
export class WorkerList {
  @ApiProperty({ type: [WorkerView] })
  workers!: WorkerView[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Send it as `cursor` for the next page; null on the last one.',
  })
  next_cursor!: string | null;
}
