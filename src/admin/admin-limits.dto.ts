import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';

const MOST = 100_000;

/** What all tasks together may do that go to a host, or are of a queue; what is left out is no limit. */
export class LimitsRequest {
  /** How many run at once, over all workers. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  max_concurrent?: number | null;

  /** How many begin in a second, evenly spaced after the first `burst`. */
  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(MOST)
  max_per_second?: number | null;

  /** How many may begin at once after a time of rest; 1 unless set. Goes with `max_per_second`. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  burst?: number | null;
}

/** What is not set is left out. */
export class LimitsView {
  @ApiProperty({ required: false })
  max_concurrent?: number;

  @ApiProperty({ required: false })
  max_per_second?: number;

  @ApiProperty({ required: false })
  burst?: number;
}
