import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { IsText } from '../http/validators.js';

const TIME = { format: 'date-time' };

/** A secret to make. */
export class CreateSigningSecretRequest {
  /** For people: what it is for. */
  @IsOptional()
  @IsText()
  @MinLength(1)
  @MaxLength(100)
  name?: string | null;

  /** When calls are no longer signed with it (RFC 3339). Left out: when it is deleted. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ ...TIME, required: false })
  expires_at?: string | null;
}

/** A signing secret of a client, without the secret itself. */
export class SigningSecretView {
  secret_id!: string;

  @ApiProperty({ required: false })
  name?: string;

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty({ ...TIME, required: false })
  expires_at?: string;
}

export class CreatedSigningSecret extends SigningSecretView {
  client_id!: string;

  @ApiProperty({
    description:
      'The secret, for those who receive the calls. It is shown this once and cannot be had again.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  })
  secret!: string;
}

/** The signing secrets of a client, oldest first. */
export class SigningSecretList {
  @ApiProperty({ type: [SigningSecretView] })
  signing_secrets!: SigningSecretView[];
}
