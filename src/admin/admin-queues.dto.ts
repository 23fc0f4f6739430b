import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { OPTIONAL_DURATION } from '../task-request/duration-schema.js';
import { RetryRequest } from '../task-request/retry.dto.js';
import { LimitsRequest, LimitsView } from './admin-limits.dto.js';
import { Nested } from '../http/instantiate.js';
import { IsText } from '../http/validators.js';
import { type Lane, LANES } from '../task/lane.js';
import { RETRY_STRATEGIES, type RetryStrategy } from '../task/retry-policy.js';
import { RequiredBody } from '../http/validation.js';

const TIME = { format: 'date-time' };

/** How tasks of a queue are retried that do not say it themselves. */
export class QueueRetryRequest extends RetryRequest {
  /** Extra tries after the first; 0 = none. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_retries?: number | null;
}

/**
 * How long tasks of a queue are kept that have ended, from then on: seconds, or texts like `"10m"`, `"168h"`; at most
 * 3660 days. What is left out is as the deployment has it.
 */
export class QueueRetentionRequest {
  /** Of those that were completed or cancelled or have expired; `HISTORY_MAX_BYTES` bounds them all the same. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  completed?: number | string | null;

  /** Of dead letters; 0 = until someone retries or deletes them. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  dead?: number | string | null;
}

/** Everything that is set for a queue but its pause; what is left out is no limit. */
@RequiredBody
export class PutQueueRequest extends LimitsRequest {
  /** The priority of its tasks. Required, but of a lane, which is its own. */
  @IsOptional()
  @IsIn(LANES)
  @ApiProperty({ enum: LANES, required: false })
  lane?: Lane | null;

  /** How many of its tasks may be alive at once, that is, have not ended; enqueueing one more gets 503. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  max_alive?: number | null;

  @IsOptional()
  @Nested(() => QueueRetryRequest)
  retry?: QueueRetryRequest | null;

  @IsOptional()
  @Nested(() => QueueRetentionRequest)
  retention?: QueueRetentionRequest | null;
}

export class PauseQueueRequest {
  /** For whoever asks why. */
  @IsOptional()
  @IsText()
  @MaxLength(500)
  reason?: string | null;

  /** When it goes on by itself (RFC 3339). Left out: when somebody resumes it. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ ...TIME, required: false })
  until?: string | null;
}

/** Durations are seconds. */
export class QueueRetryView {
  @ApiProperty({ required: false })
  max_retries?: number;

  @ApiProperty({ enum: RETRY_STRATEGIES, required: false })
  strategy?: RetryStrategy;

  @ApiProperty({ required: false })
  min_backoff?: number;

  @ApiProperty({ required: false })
  max_backoff?: number;

  @ApiProperty({ required: false, type: [Number] })
  delays?: readonly number[];

  @ApiProperty({ required: false })
  jitter?: number;

  @ApiProperty({ required: false, type: [Number] })
  permanent_statuses?: readonly number[];

  @ApiProperty({ required: false })
  max_age?: number;
}

/** Durations are seconds. */
export class QueueRetentionView {
  @ApiProperty({ required: false })
  completed?: number;

  @ApiProperty({ required: false, description: '0 = for ever.' })
  dead?: number;
}

/** A queue and what is set for it; what is not set is left out. */
export class QueueView extends LimitsView {
  name!: string;

  @ApiProperty({ enum: LANES })
  lane!: Lane;

  @ApiProperty({ enum: ['running', 'paused'] })
  state!: 'running' | 'paused';

  @ApiProperty({ required: false, description: 'Why it is paused.' })
  reason?: string;

  @ApiProperty({ ...TIME, required: false })
  paused_at?: string;

  @ApiProperty({ ...TIME, required: false, description: 'When it goes on by itself.' })
  until?: string;

  @ApiProperty({ required: false, description: 'How many of its tasks may be alive at once.' })
  max_alive?: number;

  @ApiProperty({ required: false, description: 'Of tasks that do not say it themselves.' })
  retry?: QueueRetryView;

  @ApiProperty({ required: false, description: 'How long its tasks are kept that have ended.' })
  retention?: QueueRetentionView;
}
