import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsClientId } from '../clients/is-client-id.js';
import { TIER_NAME } from '../clients/tier.js';
import { PageLimit } from '../http/page-limit.js';

const TIME = { format: 'date-time' };
const MOST = 1_000_000_000;
const MOST_CONCURRENT = 100_000;

export class ClientQuery {
  @IsClientId({ required: true })
  client_id!: string;
}

/**
 * A client to create or to change. What is left out stays as it is; `null` takes a limit away that was set for the
 * client alone, so that it has that of its tier again.
 */
export class SetClientRequest {
  @IsClientId({ required: true })
  client_id!: string;

  /** Left out: as it was; a new client gets `free`. */
  @IsOptional()
  @IsString()
  @Matches(TIER_NAME, { message: 'must be the name of a tier' })
  @ApiProperty({ example: 'premium', required: false })
  tier?: string | null;

  /** A disabled client can enqueue nothing, and its tasks wait. A new client is enabled. */
  @IsOptional()
  @IsBoolean()
  enabled?: boolean | null;

  /** Instead of that of its tier. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  requests_per_minute?: number | null;

  /** Instead of that of its tier. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_CONCURRENT)
  max_concurrent?: number | null;

  /** Tasks of it that may be alive at once, that is, have not ended. No tier says anything of that. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  max_alive?: number | null;
}

export class DeleteClientRequest {
  @IsClientId({ required: true })
  client_id!: string;
}

export class ListClientsQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

/** Limits that a client does not share with its tier. */
export class ClientOverrides {
  @ApiProperty({ required: false })
  requests_per_minute?: number;

  @ApiProperty({ required: false })
  max_concurrent?: number;
}

/** A client and what holds for it; a limit that is left out is none. */
export class ClientView {
  client_id!: string;
  tier!: string;
  enabled!: boolean;

  @ApiProperty({ required: false, description: 'Its own, or that of its tier.' })
  requests_per_minute?: number;

  @ApiProperty({
    required: false,
    description: 'Its own, or that of its tier: tasks that run at once, over all workers.',
  })
  max_concurrent?: number;

  @ApiProperty({ required: false, description: 'Tasks of it that may be alive at once.' })
  max_alive?: number;

  @ApiProperty({ required: false })
  overrides?: ClientOverrides;

  @ApiProperty({
    enum: ['admin', 'itself'],
    description: 'One that no admin has set is forgotten when it enqueues nothing for CLIENT_IDLE_DAYS.',
  })
  registered_by!: 'admin' | 'itself';

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty(TIME)
  updated_at!: string;
}

/** Clients in the order of their ids. */
export class ClientListView {
  @ApiProperty({ type: [ClientView] })
  clients!: ClientView[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Send it as `cursor` for the next page.' })
  next_cursor!: string | null;
}
