import { ApiProperty } from '@nestjs/swagger';

export class EnqueueAnswer {
  @ApiProperty({ enum: ['enqueued'] })
  status!: 'enqueued';

  task_id!: string;

  queue!: string;

  client_id!: string;

  /** When the first attempt is due. */
  @ApiProperty({ format: 'date-time' })
  scheduled_at!: string;
}
