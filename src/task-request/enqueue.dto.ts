import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  Allow,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { IsClientId } from '../clients/is-client-id.js';
import { Nested } from '../http/instantiate.js';
import { IsStringMap } from '../http/validators.js';
import { MAX_HEADERS, MAX_HEADERS_BYTES } from '../net/target-header.js';
import { MAX_URL_BYTES } from '../net/target-url.js';
import { CALLER_ID } from '../task/task-id.js';
import { type Method, METHODS } from '../task/task.js';
import { OPTIONAL_DURATION } from './duration-schema.js';
import { RetryRequest } from './retry.dto.js';

export const ANY_JSON = ['object', 'array', 'string', 'number', 'boolean', 'null'].map((type) => ({ type }));

/** The HTTP call to make. Of `body`, `body_base64` and `json`, at most one. */
export class TargetRequest {
  /** Absolute http or https URL without credentials. */
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_URL_BYTES)
  @ApiProperty({ example: 'https://api.example.com/webhook' })
  url!: string;

  @IsOptional()
  @IsIn(METHODS)
  @ApiProperty({ enum: METHODS, default: 'POST', required: false })
  method?: Method | null;

  /** Sent as they are. Headers that belong to the connection, and `X-Task-*`, are refused. */
  @IsOptional()
  @IsStringMap({ maxEntries: MAX_HEADERS, maxKeyBytes: MAX_HEADERS_BYTES, maxValueBytes: MAX_HEADERS_BYTES })
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  headers?: Record<string, string> | null;

  /** Sent byte for byte, as UTF-8. */
  @IsOptional()
  @IsString()
  body?: string | null;

  /** For bytes that are no text: standard base64. */
  @IsOptional()
  @IsString()
  @ApiProperty({ format: 'byte', required: false })
  body_base64?: string | null;

  /**
   * Any value; serialised once, with Content-Type application/json unless the headers name one. Keys come in the order
   * of JavaScript (whole numbers first), and numbers that would lose digits are refused: `body` is sent as it is.
   */
  @Allow()
  @ApiProperty({ required: false, oneOf: ANY_JSON })
  json?: unknown;
}

/** A task to enqueue. */
export class EnqueueRequest {
  /** Who enqueues. Needed unless an API key says it, and then it may name no other client. */
  @IsOptional()
  @IsClientId({ required: false })
  client_id?: string | null;

  /** `critical`, `high`, `default` (also called `normal`), `low`, or a queue that was created. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ default: 'default', required: false })
  queue?: string | null;

  /** Needed unless there is a `type`. */
  @IsOptional()
  @Nested(() => TargetRequest)
  task?: TargetRequest | null;

  /** Instead of `task`: `echo`, `email`, `fail`, `http`, `sleep`, or a type that was mapped to a URL. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ required: false, example: 'email' })
  type?: string | null;

  /** What a task of that type is about, as the type wants it; `{}` when it is left out. Goes with `type` only. */
  @Allow()
  @ApiProperty({ required: false, oneOf: ANY_JSON })
  payload?: unknown;

  /** Wait before the first attempt: seconds, or a text like `"10m"`. */
  @Allow()
  @ApiProperty({ ...OPTIONAL_DURATION, default: 0 })
  delay?: number | string | null;

  /** When to make the first attempt (RFC 3339). Wins over `delay`; a past time means now. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ format: 'date-time', required: false })
  scheduled_at?: string | null;

  /** Your own id, unique among your tasks: a second enqueue with it answers the first one's result. */
  @IsOptional()
  @IsString()
  @Matches(CALLER_ID, { message: 'must be 1 to 128 letters, digits, hyphens or underscores' })
  @ApiProperty({ pattern: CALLER_ID.source, required: false })
  task_id?: string | null;

  /** Extra tries after the first; 0 = none. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_retries?: number | null;

  /** Deadline of an attempt over connect, headers and body: seconds, or a text like `"30s"`. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  timeout?: number | string | null;

  @IsOptional()
  @Nested(() => RetryRequest)
  retry?: RetryRequest | null;

  /** No try starts after this time (RFC 3339); the task ends as `expired`. With `ttl`, too, the earlier wins. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ format: 'date-time', required: false })
  expires_at?: string | null;

  /** The same from now on: seconds, or a text like `"2h"`. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  ttl?: number | string | null;

  /** Up to 16 labels, returned with the task. */
  @IsOptional()
  @IsStringMap({ maxEntries: 16, maxKeyBytes: 64, maxValueBytes: 256 })
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  metadata?: Record<string, string> | null;

  /**
   * Told by a POST when the task has ended: of a success, and of every other end unless `failure_callback_url` is told of
   * that. The rules of `task.url` hold.
   */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_URL_BYTES)
  @ApiProperty({ example: 'https://api.example.com/done', required: false })
  callback_url?: string | null;

  /** Told when the task has ended as a dead letter, expired or cancelled. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_URL_BYTES)
  @ApiProperty({ example: 'https://api.example.com/failed', required: false })
  failure_callback_url?: string | null;
}

/** A request that says whose task it asks for; the empty text when it does not. */
export type NamedRequest = EnqueueRequest & { client_id: string };
