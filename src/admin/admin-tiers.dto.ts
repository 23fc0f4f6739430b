import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min, ValidateIf } from 'class-validator';
import { RequiredBody } from '../http/validation.js';

const TIME = { format: 'date-time' };

/** The limits of a tier. Both have to be named; `null` is no limit. */
@RequiredBody
export class PutTierRequest {
  /** Tasks that a client may enqueue in any minute. */
  @ValidateIf((_request, value) => value !== null)
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  @ApiProperty({ type: 'integer', nullable: true })
  requests_per_minute!: number | null;

  /** Tasks of a client that run at once, over all workers. */
  @ValidateIf((_request, value) => value !== null)
  @IsInt()
  @Min(1)
  @Max(100_000)
  @ApiProperty({ type: 'integer', nullable: true })
  max_concurrent!: number | null;
}

export class TierView {
  name!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null = no limit.' })
  requests_per_minute!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null = no limit.' })
  max_concurrent!: number | null;

  @ApiProperty({ description: 'It cannot be deleted; deleting it gives it the limits that it comes with.' })
  built_in!: boolean;

  @ApiProperty({ ...TIME, required: false, description: 'When its limits were changed.' })
  updated_at?: string;
}

export class ListedTier extends TierView {
  @ApiProperty({ description: 'How many clients have it.' })
  clients!: number;

  @ApiProperty({
    description: 'false for as long as some of its clients have the limits from before a change.',
  })
  applied!: boolean;
}

/** The tiers that are built in, smallest first, then the others by name. */
export class TierList {
  @ApiProperty({ type: [ListedTier] })
  tiers!: ListedTier[];
}
