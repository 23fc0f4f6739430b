import { ApiProperty, OmitType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
} from 'class-validator';
import { Nested } from '../http/instantiate.js';
import { TASK_STATES, type TaskState } from '../task/task-state.js';
import { EditRequest, TargetEdit } from '../tracking/edit.dto.js';
import { TaskFilterFields } from '../tracking/task-filter.dto.js';
import { TaskList, TaskSummary } from '../tracking/task-summary.dto.js';
import { TasksPerSecond } from './tasks-per-second.js';

export const FINGERPRINT = /^([0-9a-f]{16}|other)$/;
const MOST_AT_ONCE = 1000;

/** Which dead letters are meant. Each field narrows them down further. */
export class DeadLetterFilter extends OmitType(TaskFilterFields, ['state']) {
  /** What they died of: that of a group. */
  @IsOptional()
  @Matches(FINGERPRINT, { message: 'must be the fingerprint of a group' })
  fingerprint?: string;
}

export class ListDeadLettersQuery extends DeadLetterFilter {
  @IsOptional()
  @Matches(/^([1-9]\d{0,2}|1000)$/, { message: 'must be a whole number from 1 to 1000' })
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_AT_ONCE, default: 50, required: false })
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

/** Which dead letters to retry: one of `task_id`, `task_ids`, `retry_all` and `filter`. */
export class RetryDeadLettersRequest {
  @IsOptional()
  @IsString()
  task_id?: string;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_AT_ONCE)
  @IsString({ each: true })
  @ApiProperty({ type: [String], minItems: 1, maxItems: MOST_AT_ONCE, required: false })
  task_ids?: string[];

  @IsOptional()
  @IsIn([true], { message: 'must be true, or absent' })
  @ApiProperty({ type: 'boolean', enum: [true], required: false })
  retry_all?: true;

  @IsOptional()
  @Nested(() => DeadLetterFilter)
  filter?: DeadLetterFilter;

  /** Tells what would be retried, and does nothing. */
  @IsOptional()
  @IsBoolean()
  dry_run?: boolean;

  /** With `filter` or `retry_all`: retries all of them, so many per second, in the background, as an operation. */
  @TasksPerSecond()
  rate?: number;

  /** `next_cursor` of the request before: goes on behind those that it has looked at. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

/** What is to be different about a dead letter. Fields mean what they mean in `PATCH /v1/tasks/{id}`. */
export class EditDeadLetterRequest extends OmitType(EditRequest, ['delay', 'scheduled_at', 'task']) {
  @IsOptional()
  @Nested(() => TargetEdit)
  task?: TargetEdit | null;

  /** Retries it in the same step: it is due at once and has all its attempts again. */
  @IsOptional()
  @IsBoolean()
  retry?: boolean | null;
}

export class CanaryView {
  task_id!: string;

  @ApiProperty({ enum: TASK_STATES, description: 'Its state when the answer was sent.' })
  state!: TaskState;
}

/** What came of a request about many dead letters. */
export class DeadLetterResult {
  dry_run!: boolean;

  @ApiProperty({ description: 'Dead letters that were meant, of those that were looked at.' })
  matched!: number;

  @ApiProperty({ description: 'How many of these are retried; with dry_run none.' })
  done!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'How many were left as they are, by the code of the reason.',
    example: { task_expired: 2 },
  })
  skipped!: Record<string, number>;

  @ApiProperty({ required: false, description: 'Of a group: the one that was sent first.' })
  canary?: CanaryView;

  @ApiProperty({ type: [String], description: 'Ids of some of them.' })
  sample!: string[];

  @ApiProperty({
    required: false,
    description:
      'With `rate`: the operation that retries them; `GET /admin/operations/{id}` tells how far it is.',
  })
  operation_id?: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Send the request again with it as `cursor` for the next 1,000; null when there are no more.',
  })
  next_cursor!: string | null;
}

export class DeadLetterSummary extends TaskSummary {
  @ApiProperty({ required: false, description: 'The same of all that died of the same at the same host.' })
  fingerprint?: string;
}

/** Dead letters, that which died last first. */
export class DeadLetterList extends OmitType(TaskList, ['tasks']) {
  @ApiProperty({ type: [DeadLetterSummary] })
  tasks!: DeadLetterSummary[];
}

/** Dead letters that died of the same at the same host. */
export class DeadLetterGroupView {
  fingerprint!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'null in group `other`, of what is too rare to have a group.',
  })
  host!: string | null;

  @ApiProperty({
    description: 'Status or code, and words without numbers and ids.',
    example: 'HTTP 500 no such order <n>',
  })
  failure!: string;

  count!: number;

  @ApiProperty({ format: 'date-time' })
  first_seen!: string;

  @ApiProperty({ format: 'date-time' })
  last_seen!: string;

  @ApiProperty({ description: 'The id of the last one.' })
  sample!: string;
}

export class DeadLetterGroupList {
  @ApiProperty({ type: [DeadLetterGroupView] })
  groups!: DeadLetterGroupView[];
}
