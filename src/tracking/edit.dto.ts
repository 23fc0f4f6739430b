import { ApiProperty, PartialType, PickType } from '@nestjs/swagger';
import { Allow, IsOptional } from 'class-validator';
import { ANY_JSON, EnqueueRequest, TargetRequest } from '../task-request/enqueue.dto.js';
import { Nested } from '../http/instantiate.js';

/**
 * What is to be different about the call. Another body replaces the one before, whichever way that was given. Headers that are
 * stored go to no other server: with the address of another one they have to be said anew.
 */
export class TargetEdit extends PartialType(TargetRequest) {}

const FIELDS = [
  ...(['delay', 'scheduled_at', 'expires_at', 'ttl', 'max_retries', 'timeout', 'metadata'] as const),
  ...(['callback_url', 'failure_callback_url'] as const),
] as const;

/**
 * What is to be different about a task. Fields mean what they mean when a task is enqueued; one that is absent stays as
 * it is, and `null` makes it what it is for a task that is enqueued without it.
 */
export class EditRequest extends PartialType(PickType(EnqueueRequest, FIELDS)) {
  @IsOptional()
  @Nested(() => TargetEdit)
  task?: TargetEdit | null;

  /** Of a typed task: another payload. */
  @Allow()
  @ApiProperty({ required: false, oneOf: ANY_JSON })
  payload?: unknown;
}
