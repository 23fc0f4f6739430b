import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { IsText } from '../http/validators.js';

const TIME = { format: 'date-time' };

/** A key to make. */
export class CreateKeyRequest {
  /** For people: what or who has it. */
  @IsOptional()
  @IsText()
  @MinLength(1)
  @MaxLength(100)
  name?: string | null;

  /** When it stops to open anything (RFC 3339). Left out: when it is revoked. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ ...TIME, required: false })
  expires_at?: string | null;
}

/** A key of a client, without the key itself. */
export class KeyView {
  @ApiProperty({ description: 'The first 12 hexadecimal digits of the SHA-256 of the key.' })
  key_id!: string;

  @ApiProperty({ description: 'Its beginning, to tell it from others.', example: 'tr_live_3Kd9' })
  prefix!: string;

  @ApiProperty({ required: false })
  name?: string;

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty({ ...TIME, required: false })
  expires_at?: string;

  @ApiProperty({
    ...TIME,
    required: false,
    description: 'To the hour, about; absent when it was not used yet.',
  })
  last_used_at?: string;
}

export class CreatedKey extends KeyView {
  client_id!: string;

  @ApiProperty({ description: 'The key. It is shown this once and cannot be had again.' })
  key!: string;
}

/** The keys of a client, oldest first. */
export class KeyList {
  @ApiProperty({ type: [KeyView] })
  keys!: KeyView[];
}
