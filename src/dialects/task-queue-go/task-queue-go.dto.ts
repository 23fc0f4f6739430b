import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ListTasksQuery } from '../../tracking/task-filter.dto.js';
import { PRIORITIES, type Priority } from './priority.js';

/** Its words for states. */
export const STATES = [
  ...(['pending', 'scheduled', 'running', 'completed'] as const),
  ...(['failed', 'retrying', 'cancelled', 'dead_letter'] as const),
] as const;

const TEXTS = { type: 'object' as const, additionalProperties: { type: 'string' as const } };
const ANYTHING = { type: 'object' as const, additionalProperties: true };
const TIME = { format: 'date-time' };

/** Besides these, `client_id`, `delay` and `task_id` mean what they mean in `POST /v1/enqueue`. */
export class GoTaskRequest {
  @ApiProperty({ example: 'echo' })
  type!: string;

  @ApiPropertyOptional({ ...ANYTHING, example: { message: 'Hello, World!' } })
  payload?: object;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: 3, default: 1, required: false })
  priority?: number;

  @ApiProperty({ type: 'integer', minimum: 0, default: 3, required: false, description: '0 = none.' })
  max_retries?: number;

  @ApiProperty({ type: 'integer', minimum: 1, default: 300, required: false, description: 'Seconds.' })
  timeout?: number;

  @ApiProperty({ ...TIME, required: false })
  scheduled_at?: string;

  @ApiPropertyOptional(TEXTS)
  metadata?: Record<string, string>;
}

export class GoTask {
  id!: string;
  type!: string;

  @ApiProperty({ ...ANYTHING, description: 'Of a call of a URL, the call.' })
  payload!: object;

  @ApiProperty({ enum: PRIORITIES })
  priority!: Priority;

  @ApiProperty({ enum: STATES })
  state!: (typeof STATES)[number];

  attempts!: number;
  max_retries!: number;

  @ApiProperty({ required: false })
  error?: string;

  @ApiPropertyOptional(ANYTHING)
  result?: object;

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty(TIME)
  updated_at!: string;

  @ApiProperty({ ...TIME, required: false })
  scheduled_at?: string;

  @ApiProperty({ ...TIME, required: false })
  started_at?: string;

  @ApiProperty({ ...TIME, required: false })
  completed_at?: string;

  @ApiProperty({ description: 'Seconds.' })
  timeout!: number;

  @ApiPropertyOptional(TEXTS)
  metadata?: Readonly<Record<string, string>>;
}

const COUNTS = { type: 'object' as const, additionalProperties: { type: 'integer' as const } };

/** The query of `GET /v1/tasks`, with the states of this system. */
export class GoListQuery extends OmitType(ListTasksQuery, ['state']) {
  @IsOptional()
  @IsIn(STATES, { message: `must be one of ${STATES.join(', ')}` })
  @ApiProperty({ enum: STATES, required: false })
  state?: (typeof STATES)[number];
}

/**
 * Without a filter: how deep the queues are; to a client with its key, how many of its own tasks wait and run. With `state`,
 * `type`, `limit` or `cursor`: tasks.
 */
export class GoTasks {
  @ApiPropertyOptional({
    ...COUNTS,
    description: 'By priority, how many tasks may be taken now. Empty for a client.',
  })
  queue_depths?: Partial<Record<Priority, number>>;

  @ApiProperty({ required: false })
  total_pending?: number;

  @ApiPropertyOptional({
    ...ANYTHING,
    description: 'By priority, its number and its depth. Empty for a client.',
  })
  queues?: object;

  @ApiProperty({ required: false, description: 'Tasks that wait for a time or a gate.' })
  scheduled_count?: number;

  @ApiProperty({ required: false })
  dlq_size?: number;

  @ApiPropertyOptional({
    ...COUNTS,
    description: 'How many tasks are pending, running, scheduled, completed, dead_letter.',
  })
  totals?: Record<string, number>;

  @ApiProperty({ type: [GoTask], required: false })
  tasks?: GoTask[];

  @ApiProperty({ required: false, description: 'How many are here.' })
  total_count?: number;

  @ApiProperty({ type: 'string', nullable: true, required: false })
  next_cursor?: string | null;
}

export class GoError {
  @ApiProperty({ example: 'Bad Request' })
  error!: string;

  @ApiProperty({ example: 'task type is required' })
  message!: string;
}
