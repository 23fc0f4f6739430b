import { ApiProperty } from '@nestjs/swagger';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsNumber,
  IsOptional,
  Max,
  Min,
} from 'class-validator';
import { RETRY_STRATEGIES, type RetryStrategy } from '../task/retry-policy.js';
import { DURATION, OPTIONAL_DURATION } from './duration-schema.js';

/**
 * When to try again and when not to. What is left out is as the deployment has it. Durations are seconds, or texts like
 * `"500ms"`, `"10s"`, `"5m"`, `"2h"`.
 */
export class RetryRequest {
  /**
   * How the waits go: `exponential` doubles from `min_backoff` to `max_backoff`, `linear` grows by `min_backoff` up to
   * `max_backoff`, `fixed` is always `min_backoff`, `list` follows `delays` and takes neither of those.
   */
  @IsOptional()
  @IsIn(RETRY_STRATEGIES)
  @ApiProperty({ enum: RETRY_STRATEGIES, default: 'exponential', required: false })
  strategy?: RetryStrategy | null;

  /** Wait before the first retry, at most 30 days. Alone it raises a `max_backoff` of the deployment that is less. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  min_backoff?: number | string | null;

  /** Longest wait before a retry, at most 30 days. Alone it lowers a `min_backoff` of the deployment that is more. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  max_backoff?: number | string | null;

  /** Of strategy `list`, and required there: the wait before each retry, at most 30 days; the last one repeats. */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ApiProperty({ type: 'array', items: DURATION, minItems: 1, maxItems: 100, required: false })
  delays?: unknown[] | null;

  /** Share by which a wait is spread at random: 0.1 = ±10 %. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  jitter?: number | null;

  /** Statuses (100 to 599, none of 2xx) after which the task is a dead letter at once. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ApiProperty({
    type: 'array',
    items: { type: 'integer', minimum: 100, maximum: 599, not: { minimum: 200, maximum: 299 } },
    maxItems: 100,
    required: false,
    example: [400, 401, 403, 404, 405, 410, 413, 415, 422],
  })
  permanent_statuses?: unknown[] | null;

  /** A retry that would start later than this after the task was due makes a dead letter of it instead. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  max_age?: number | string | null;
}
