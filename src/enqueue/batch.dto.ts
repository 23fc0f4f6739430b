import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsOptional } from 'class-validator';
import { Problem } from '../http/problem.js';
import { MOST_AT_ONCE } from '../queue/admission/admission.js';
import { EnqueueRequest } from '../task-request/enqueue.dto.js';
import { EnqueueAnswer } from './enqueue-answer.dto.js';

/** Many tasks to enqueue with one request. */
export class BatchRequest {
  /** Each as it would be enqueued by itself. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_AT_ONCE)
  @ApiProperty({ type: [EnqueueRequest], minItems: 1, maxItems: MOST_AT_ONCE })
  tasks!: unknown[];

  /** All of them or none: when one is refused, none is stored. Otherwise each is judged by itself. */
  @IsOptional()
  @IsBoolean()
  @ApiProperty({ default: false, required: false })
  atomic?: boolean | null;
}

/** A task of a batch that was refused. */
export class BatchError {
  @ApiProperty({ enum: ['error'] })
  status!: 'error';

  /** What it would have been answered by itself; its pointers are into the body of the batch. */
  error!: Problem;
}

@ApiExtraModels(EnqueueAnswer, BatchError)
export class BatchAnswer {
  /** One for each task, in their order. */
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ $ref: getSchemaPath(EnqueueAnswer) }, { $ref: getSchemaPath(BatchError) }] },
  })
  results!: (EnqueueAnswer | BatchError)[];
}
