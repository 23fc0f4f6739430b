import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { RequiredBody } from '../http/validation.js';
import { MAX_URL_BYTES } from '../net/target-url.js';
import { type Method, METHODS } from '../task/task.js';
import { OPTIONAL_DURATION } from '../task-request/duration-schema.js';

/** What tasks of a type are to call. The rules are those of `task` when a task is enqueued. */
@RequiredBody
export class PutTaskTypeRequest {
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_URL_BYTES)
  @ApiProperty({ example: 'https://hooks.example.com/invoices' })
  url!: string;

  @IsOptional()
  @Allow()
  @ApiProperty({ enum: METHODS, default: 'POST', required: false })
  method?: Method | null;

  /** Sent with every call. Their values are not shown again. */
  @IsOptional()
  @Allow()
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  headers?: Record<string, string> | null;

  /** Deadline of an attempt of tasks that name none: seconds, or a text like `"30s"`. */
  @Allow()
  @ApiProperty(OPTIONAL_DURATION)
  timeout?: number | string | null;

  @IsOptional()
  @Allow()
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description:
      'JSON Schema (draft 2020-12) that payloads are held to when they are enqueued; of it what docs/typed-tasks.md lists. Any object without one.',
    example: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
  })
  payload_schema?: object | null;
}

export class TaskTypeView {
  type!: string;

  @ApiProperty({
    enum: ['built_in', 'config', 'admin'],
    description:
      'Who says what it does: the product, the configuration, or an admin, who counts before that.',
  })
  source!: string;

  @ApiProperty({ required: false, description: 'Of one that is built in: what it does.' })
  about?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'JSON Schema of its payload.',
  })
  payload_schema?: object;

  @ApiProperty({ required: false, description: 'Of one that is mapped to a URL.' })
  url?: string;

  @ApiProperty({ required: false })
  method?: string;

  @ApiProperty({ required: false, description: 'Names only.' })
  headers?: string[];

  @ApiProperty({ required: false, description: 'Seconds.' })
  timeout?: number;
}

export class TaskTypeList {
  @ApiProperty({ type: [TaskTypeView] })
  task_types!: TaskTypeView[];
}
