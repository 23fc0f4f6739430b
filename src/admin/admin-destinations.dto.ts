import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, IsString } from 'class-validator';
import { RequiredBody } from '../http/validation.js';

const MOST_PATTERNS = 100;

/**
 * Which hosts the tasks of a client may call. A pattern is `example.com`, `*.example.com` (every name below, not that
 * itself), `*`, an address (`192.0.2.1`, `[2001:db8::1]`), each with a port or for any; or a range of addresses. Addresses
 * are compared with what a URL names itself: what a name resolves to is for `DENY_CIDRS`. Both lists are replaced; at least one has to be
 * named.
 */
@RequiredBody
export class PutDestinationsRequest {
  /** Empty, or left out beside `deny`: every host. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_PATTERNS)
  @IsString({ each: true })
  @ApiProperty({ type: [String], maxItems: MOST_PATTERNS, required: false, example: ['*.example.com'] })
  allow?: string[] | null;

  /** Wins over `allow`. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_PATTERNS)
  @IsString({ each: true })
  @ApiProperty({ type: [String], maxItems: MOST_PATTERNS, required: false, example: [] })
  deny?: string[] | null;
}

/** The patterns as they are compared: lower case, IDN as punycode. */
export class DestinationsView {
  @ApiProperty({ type: [String], description: 'Empty: every host.' })
  allow!: readonly string[];

  @ApiProperty({ type: [String] })
  deny!: readonly string[];
}
