import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { LimitsRequest, LimitsView } from './admin-limits.dto.js';
import { PageLimit } from '../http/page-limit.js';
import { IsText } from '../http/validators.js';
import { CIRCUIT_STATES, type CircuitState } from '../queue/gates/circuit.js';
import { RequiredBody } from '../http/validation.js';

const TIME = { format: 'date-time' };
/** Of a host: scheme, name and port. */
const LONGEST_CURSOR = 512;

export class ListCircuitsQuery {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_CURSOR)
  cursor?: string;

  /** Only those in this state; `closed` are hosts that are limited. */
  @IsOptional()
  @IsIn(CIRCUIT_STATES)
  @ApiProperty({ enum: CIRCUIT_STATES, required: false })
  state?: CircuitState;
}

export class OpenCircuitRequest {
  /** For whoever asks why: shown by explain, to clients too. */
  @IsOptional()
  @IsText()
  @MaxLength(500)
  reason?: string | null;

  /** When the host is tried again (RFC 3339). Left out: when somebody closes or resets it. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ ...TIME, required: false })
  until?: string | null;
}

/** What all tasks together may ask of a host: their calls to it. */
@RequiredBody
export class PutHostLimitsRequest extends LimitsRequest {}

/** The limits of one host. */
export class LimitedHostView extends LimitsView {
  @ApiProperty({ example: 'https://api.example.com' })
  host!: string;
}

/** How the tasks are let in that waited for a host. */
export class RampView {
  @ApiProperty({ description: 'How many begin in this second at most; twice as many in the next one.' })
  per_second!: number;

  @ApiProperty({ ...TIME, description: 'When it is over, and the circuit is closed like any other.' })
  ends_at!: string;
}

/** The circuit of a host; what does not apply is left out. */
export class CircuitView {
  @ApiProperty({ example: 'https://api.example.com' })
  host!: string;

  @ApiProperty({
    enum: CIRCUIT_STATES,
    description:
      'closed: tasks go to it. open: nothing goes to it. half_open: probes go, which are real tasks. ramping: closed again, and what waited is let in step by step.',
  })
  state!: CircuitState;

  @ApiProperty({ description: 'An admin holds it open: it is not tried before `next_probe_at`.' })
  forced!: boolean;

  @ApiProperty({
    type: 'string',
    nullable: true,
    required: false,
    description:
      'Fingerprint of the admin key with which it was opened by hand, null when none was asked for. Until it is closed, or failures open it again.',
  })
  opened_by?: string | null;

  @ApiProperty({ required: false, description: 'What was given as reason when it was opened by hand.' })
  reason?: string;

  @ApiProperty({ required: false, description: 'Status or code of the last failure.', example: '503' })
  last_error?: string;

  @ApiProperty({ description: 'Consecutive failures that count now.' })
  failures!: number;

  @ApiProperty({
    required: false,
    description: 'The client whose tasks failed, if these failures are all of one.',
  })
  failed_by?: string;

  @ApiProperty({ ...TIME, required: false, description: 'When the outage began that is not over yet.' })
  opened_at?: string;

  @ApiProperty({
    ...TIME,
    required: false,
    description: 'Of open ones: when probes go out; absent: not before somebody closes it.',
  })
  next_probe_at?: string;

  @ApiProperty({ description: 'Probes that are under way.' })
  probes!: number;

  @ApiProperty({ description: 'Of half-open ones: probes of this window that have succeeded.' })
  probe_successes!: number;

  @ApiProperty({ description: 'Tasks that are due and wait for its circuit or its limits.' })
  parked!: number;

  @ApiProperty({ required: false })
  ramp?: RampView;

  @ApiProperty({
    ...TIME,
    required: false,
    description:
      'Tasks of some clients are held for this host until then: it has answered 429 with Retry-After, or fails for one client alone.',
  })
  clients_held_until?: string;

  @ApiProperty({ required: false, description: 'What an admin has set for it.' })
  limits?: LimitsView;
}

export class CircuitWindowView {
  @ApiProperty({ description: 'How many hosts were looked at.' })
  scanned!: number;

  @ApiProperty({ description: 'There are no more. Otherwise `next_cursor` goes on behind them.' })
  complete!: boolean;
}

/** Hosts whose circuit is not closed or that are limited, in the order of their names. */
export class CircuitList {
  @ApiProperty({ type: [CircuitView] })
  circuits!: CircuitView[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Send it as `cursor` for the next page; null on the last one. A page has fewer circuits than `limit` only when it is the last, or `window` as many hosts as are looked at for one page.',
  })
  next_cursor!: string | null;

  window!: CircuitWindowView;
}
