import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { Nested } from '../http/instantiate.js';
import { PageLimit } from '../http/page-limit.js';
import {
  ACTIONS,
  OPERATION_STATES,
  type OperationAction,
  type OperationState,
} from '../operations/operation.js';
import { TASK_STATES, type TaskState } from '../task/task-state.js';
import { EnqueueRequest } from '../task-request/enqueue.dto.js';
import { TaskFilterFields } from '../tracking/task-filter.dto.js';
import { CanaryView, FINGERPRINT } from './admin-dlq.dto.js';
import { TasksPerSecond } from './tasks-per-second.js';

/** Which tasks are meant: what the query of `GET /v1/tasks` can say, and `fingerprint`; or `all`, in so many words. */
export class OperationFilter extends TaskFilterFields {
  /** Of dead letters, what they died of: that of a group. */
  @IsOptional()
  @Matches(FINGERPRINT, { message: 'must be the fingerprint of a group' })
  fingerprint?: string;

  /** Every task that the action does anything with. Stands alone: an empty filter is refused. */
  @IsOptional()
  @IsIn([true], { message: 'must be true, or absent' })
  @ApiProperty({ type: 'boolean', enum: [true], required: false })
  all?: true;
}

/** What is to be done, and with which tasks. */
export class OperationRequest {
  @IsIn(ACTIONS, { message: `must be one of ${ACTIONS.join(', ')}` })
  @ApiProperty({ enum: ACTIONS })
  action!: OperationAction;

  @Nested(() => OperationFilter)
  filter!: OperationFilter;

  @TasksPerSecond()
  rate?: number;

  /** Counts what is meant, and does nothing. */
  @IsOptional()
  @IsBoolean()
  dry_run?: boolean;

  /** Of `reschedule`: when they are to be due. This, or `delay`. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ format: 'date-time', required: false })
  scheduled_at?: string;

  /** Of `reschedule`: in how long from now they are to be due, seconds or a text like `10m`. */
  @IsOptional()
  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }], required: false })
  delay?: EnqueueRequest['delay'];

  /** Of `purge`: frees the memory at once; it cannot be undone then. */
  @IsOptional()
  @IsBoolean()
  now?: boolean;
}

export class ListOperationsQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

/** Which tasks an operation looks for. */
export class OperationScope {
  @ApiProperty({ type: Object, description: 'The filter as it was sent.' })
  filter!: object;

  @ApiProperty({ enum: TASK_STATES, isArray: true, description: 'The states in which it does anything.' })
  states!: TaskState[];
}

/** Something that is done with many tasks at once. */
export class OperationView {
  operation_id!: string;

  @ApiProperty({ enum: ACTIONS })
  action!: OperationAction;

  @ApiProperty({ enum: OPERATION_STATES })
  state!: OperationState;

  scope!: OperationScope;

  dry_run!: boolean;

  @ApiProperty({ type: 'integer', description: 'Tasks per second, at most.' })
  rate!: number;

  @ApiProperty({ type: 'integer', description: 'Tasks that were looked at.' })
  looked_at!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Those of them that are meant; all there are, once it is done.',
  })
  matched!: number;

  @ApiProperty({ type: 'integer', description: 'Those with which it is done.' })
  done!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'How many were left as they are, by the code of the reason.',
    example: { task_finished: 2 },
  })
  skipped!: Record<string, number>;

  @ApiProperty({ type: [String], description: 'Ids of the first ones, 10 at most.' })
  sample!: string[];

  @ApiProperty({ required: false, description: 'Of a group that is retried: the one that was sent first.' })
  canary?: CanaryView;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: 'When it will be over, about; null while that cannot be said.',
  })
  eta!: string | null;

  @ApiProperty({ format: 'date-time', required: false })
  ended_at?: string;

  @ApiProperty({
    format: 'date-time',
    required: false,
    description: 'Of a purge: it can be undone until then.',
  })
  undo_until?: string;

  @ApiProperty({ required: false, description: 'Why it has failed.' })
  error?: string;
}

/** Newest first. */
export class OperationList {
  @ApiProperty({ type: [OperationView] })
  operations!: OperationView[];

  @ApiProperty({ type: 'string', nullable: true })
  next_cursor!: string | null;
}
