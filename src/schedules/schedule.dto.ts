import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { Allow, IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IsClientId } from '../clients/is-client-id.js';
import { Nested } from '../http/instantiate.js';
import { PageLimit } from '../http/page-limit.js';
import { OPTIONAL_DURATION } from '../task-request/duration-schema.js';
import { EnqueueRequest, TargetRequest } from '../task-request/enqueue.dto.js';
import { RetryRequest } from '../task-request/retry.dto.js';
import { MISFIRES, type Misfire } from './misfire.js';
import { OVERLAPS, type Overlap } from './schedule.js';

const SCHEDULE_ID = /^[A-Za-z0-9_-]{1,64}$/;

const NOT_OF_SCHEDULES = ['delay', 'scheduled_at', 'expires_at', 'task_id', 'task', 'retry'] as const;

/** When to fire: `cron` or `every`, one of them. */
class TimingRequest extends OmitType(EnqueueRequest, NOT_OF_SCHEDULES) {
  /**
   * Five fields (minute, hour, day of month, month, day of week), six with seconds in front, or one of `@hourly`, `@daily`,
   * `@weekly`, `@monthly`, `@yearly`.
   */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  @ApiProperty({ example: '0 9 * * MON-FRI', required: false })
  cron?: string | null;

  /** How often, from when the schedule is created or this is changed: seconds, or a text like `"90s"`, `"15m"`; at least 1 s. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  every?: number | string | null;

  /** IANA name of the time zone on whose clocks `cron` is read. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ default: 'UTC', example: 'Europe/Berlin', required: false })
  timezone?: string | null;

  /** What becomes of an occurrence while the one before it has not ended: left out, one waits, or it starts all the same. */
  @IsOptional()
  @IsIn(OVERLAPS)
  @ApiProperty({ enum: OVERLAPS, default: 'allow', required: false })
  overlap?: Overlap | null;

  /** What becomes of occurrences that nobody was there to fire: none, the newest, or each, up to 100 after an outage. */
  @IsOptional()
  @IsIn(MISFIRES)
  @ApiProperty({ enum: MISFIRES, default: 'once', required: false })
  misfire?: Misfire | null;

  /** No occurrence is fired later than this: seconds, or a text like `"2h"`; at most 7 days. */
  @Allow()
  @ApiProperty({ ...OPTIONAL_DURATION, default: 3600 })
  max_lateness?: number | string | null;
}

/** A schedule to create. What is not about times is as in a request to enqueue, for each occurrence. */
export class ScheduleRequest extends TimingRequest {
  /** Your own id, unique among your schedules. */
  @IsString()
  @Matches(SCHEDULE_ID, { message: 'must be 1 to 64 letters, digits, hyphens or underscores' })
  @ApiProperty({ pattern: SCHEDULE_ID.source, example: 'nightly-report' })
  schedule_id!: string;

  /** The call to make; or else `type` and `payload`. */
  @IsOptional()
  @Nested(() => TargetRequest)
  task?: TargetRequest | null;

  @IsOptional()
  @Nested(() => RetryRequest)
  retry?: RetryRequest | null;
}

/** What is to be different about a schedule. What is absent stays, `null` makes it what it is without it. */
export class ScheduleEdit extends PartialType(OmitType(TimingRequest, ['client_id'])) {
  /** Takes the place of the whole call. */
  @IsOptional()
  @Nested(() => TargetRequest)
  task?: TargetRequest | null;

  @IsOptional()
  @Nested(() => RetryRequest)
  retry?: RetryRequest | null;
}

/** A timing to look at. */
export class PreviewRequest {
  @IsOptional()
  @IsString()
  @MaxLength(256)
  @ApiProperty({ required: false })
  cron?: string | null;

  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  every?: number | string | null;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ default: 'UTC', required: false })
  timezone?: string | null;
}

const COUNT = /^([1-9]\d?|100)$/;

export class PreviewQuery {
  /** How many, at most 100. */
  @IsOptional()
  @Matches(COUNT, { message: 'must be a whole number from 1 to 100' })
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 100, default: 10, required: false })
  count?: string;
}

export class PauseRequest {
  /** For people: why. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  reason?: string | null;
}

export class ListSchedulesQuery {
  @IsClientId({ required: false })
  @IsOptional()
  client_id?: string;

  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}
