import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { POSITION } from '../http/cursor.js';
import { PageLimit } from '../http/page-limit.js';

const TIME = { format: 'date-time' };
const ANY_OBJECT = { type: 'object', additionalProperties: true } as const;

export class ListAuditQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @Matches(POSITION, { message: 'must be the next_cursor of a page' })
  cursor?: string;

  /** What was done, like `client.set`, or all that was done to things of a kind, like `client`. */
  @IsOptional()
  @Matches(/^[a-z_.]{1,64}$/, { message: 'must be an action, like client.set, or a kind, like client' })
  action?: string;

  /** What it was done to, like `client:my-service`. */
  @IsOptional()
  @IsString()
  @MaxLength(310)
  target?: string;

  /** Only what was done later than this (RFC 3339). */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ ...TIME, required: false })
  made_after?: string;

  /** Only what was done earlier than this (RFC 3339). */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ ...TIME, required: false })
  made_before?: string;
}

/** Who made a change. */
export class ActorView {
  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Fingerprint of the admin key; null when none was asked for.',
  })
  key!: string | null;

  @ApiProperty({ description: 'Of the connection, or as `TRUSTED_PROXIES` tell it in `X-Forwarded-For`.' })
  address!: string;
}

export class AuditEntryView {
  @ApiProperty(TIME)
  at!: string;

  @ApiProperty({ example: 'client.set' })
  action!: string;

  @ApiProperty({ example: 'client:my-service' })
  target!: string;

  by!: ActorView;

  @ApiProperty({ description: 'The id of the request in the log.' })
  request_id!: string;

  @ApiPropertyOptional({
    ...ANY_OBJECT,
    description: 'What is different, as it was; absent when there was nothing.',
  })
  before?: object;

  @ApiProperty({
    ...ANY_OBJECT,
    description: 'What is different, as it is since; absent when it was deleted.',
  })
  after?: object;
}

/** Changes, newest first. */
export class AuditList {
  @ApiProperty({ type: [AuditEntryView] })
  entries!: AuditEntryView[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Send it as `cursor` for the next page; null when there are no older ones. With a filter a page may have fewer entries than `limit`, or none, and still not be the last.',
  })
  next_cursor!: string | null;
}
