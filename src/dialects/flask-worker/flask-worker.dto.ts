import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PageLimit } from '../../http/page-limit.js';

/** Besides these, `client_id`, `queue`, `delay`, `scheduled_at`, `max_retries`, `timeout` and `metadata` mean what they mean in `POST /v1/enqueue`. */
export class FlaskTaskRequest {
  @ApiProperty({ example: 'email' })
  type!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { subject: 'Test Email', recipient: 'user@example.com', content: 'This is it' },
  })
  data?: object;
}

export class FlaskCreated {
  task_id!: string;

  @ApiProperty({ enum: ['queued'] })
  status!: 'queued';

  message!: string;
}

export class FlaskTask {
  id!: string;
  type!: string;

  @ApiProperty({ description: 'Of a call of a URL, the call.' })
  data!: unknown;

  @ApiProperty({ enum: ['queued', 'processing', 'completed', 'failed', 'cancelled'] })
  status!: 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', required: false })
  updated_at?: string;

  @ApiProperty({ required: false, description: 'What its handler says of it, or why it has failed.' })
  result?: unknown;
}

export class FlaskTaskList {
  @ApiProperty({ type: [FlaskTask] })
  tasks!: FlaskTask[];

  @ApiProperty({ description: 'How many of them are here.' })
  count!: number;

  @ApiProperty({
    required: false,
    description: 'How many there are. Not told to a client, which sees only its own.',
  })
  total?: number;

  @ApiProperty({ type: 'string', nullable: true })
  next_cursor!: string | null;
}

export class FlaskListQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

export class FlaskStats {
  @ApiProperty({ description: 'Tasks that wait, for a worker, a time or a gate.' })
  queue_length!: number;

  @ApiProperty({ description: 'All that are stored.' })
  total_tasks!: number;
}

export class FlaskError {
  error!: string;
}
