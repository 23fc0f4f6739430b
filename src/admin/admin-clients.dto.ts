import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { type Tier, TIERS } from '../clients/tier.js';

const ID_RULE = 'must be 3 to 64 letters, digits, hyphens or underscores';
const TIME = { format: 'date-time' };

/** A client to create or to change. */
export class SetClientRequest {
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{3,64}$/, { message: ID_RULE })
  @ApiProperty({ example: 'my-service' })
  client_id!: string;

  @IsIn(TIERS)
  @ApiProperty({ enum: TIERS })
  tier!: Tier;

  /** The tasks of a disabled client are accepted and wait. Left out: as it was; a new client is enabled. */
  @IsOptional()
  @IsBoolean()
  enabled?: boolean | null;
}

export class ListClientsQuery {
  @IsOptional()
  @Matches(/^([1-9]\d{0,2}|1000)$/, { message: 'must be a whole number from 1 to 1000' })
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 1000, default: 50, required: false })
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{3,64}$/, { message: 'must be the next_cursor of a page' })
  cursor?: string;
}

export class GetClientQuery {
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{3,64}$/, { message: ID_RULE })
  client_id!: string;
}

export class ClientView {
  client_id!: string;

  @ApiProperty({ enum: TIERS })
  tier!: Tier;

  enabled!: boolean;

  @ApiProperty({ description: 'Of the tier. Not enforced yet.' })
  requests_per_minute!: number;

  @ApiProperty({ description: 'Of the tier: tasks that run at once, over all workers.' })
  max_concurrent!: number;

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty(TIME)
  updated_at!: string;
}

/** Clients in the order of their ids. */
export class ClientList {
  @ApiProperty({ type: [ClientView] })
  clients!: ClientView[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Send it as `cursor` for the next page.' })
  next_cursor!: string | null;
}
