import { ApiProperty } from '@nestjs/swagger';
import { RETRY_STRATEGIES, type RetryStrategy } from '../task/retry-policy.js';

/** When the task is tried again. Durations are seconds; what does not apply is left out. */
export class RetryView {
  @ApiProperty({ enum: RETRY_STRATEGIES })
  strategy!: RetryStrategy;

  @ApiProperty({ required: false })
  min_backoff?: number;

  @ApiProperty({ required: false })
  max_backoff?: number;

  @ApiProperty({ required: false, type: [Number], description: 'Of strategy list.' })
  delays?: readonly number[];

  jitter!: number;

  @ApiProperty({ required: false, type: [Number] })
  permanent_statuses?: readonly number[];

  @ApiProperty({ required: false })
  max_age?: number;
}
