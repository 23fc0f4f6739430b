import { STATUS_CODES } from 'node:http';
import { ApiProperty } from '@nestjs/swagger';

/** One fault of a request: `pointer` is a JSON Pointer (RFC 6901) into its body. */
export class FieldError {
  @ApiProperty({ description: 'JSON Pointer into the request body.', example: '/task/url' })
  pointer!: string;

  @ApiProperty({ example: 'must be an absolute http or https URL' })
  detail!: string;
}

/** An error answer: RFC 9457, with a stable `code` for programs. */
export class Problem {
  @ApiProperty({ example: 'urn:task-runner:problem:invalid_request' })
  type!: string;

  @ApiProperty({ example: 'Bad Request' })
  title!: string;

  @ApiProperty({ example: 400 })
  status!: number;

  @ApiProperty({ description: 'Stable, for programs.', example: 'invalid_request' })
  code!: string;

  @ApiProperty({ description: 'For people: what is wrong and what to do.' })
  detail!: string;

  @ApiProperty({ type: [FieldError], required: false })
  errors?: FieldError[];

  @ApiProperty({
    type: 'integer',
    required: false,
    description: 'When to try again, in seconds from now: as in Retry-After, also of one task of a batch.',
  })
  retry_after?: number;

  @ApiProperty({ description: 'The id of the request in the log.' })
  request_id!: string;
}

export interface ProblemInit {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere while a request is handled; the filter turns it into the answer. */
export class ProblemError extends Error {
  constructor(readonly init: ProblemInit) {
    super(init.detail);
    this.name = 'ProblemError';
  }

  toBody(requestId: string): Problem {
    const { status, code, detail, errors, headers } = this.init;
    const retryAfter = headers?.['retry-after'];
    return {
      type: `urn:task-runner:problem:${code}`,
      title: STATUS_CODES[status] ?? 'Error',
      status,
      code,
      detail,
      ...(errors && { errors: [...errors] }),
      ...(retryAfter !== undefined && { retry_after: Number(retryAfter) }),
      request_id: requestId,
    };
  }
}

/** Nobody reads more; a body full of unknown fields must not be answered with several times its size. */
export const MAX_ERRORS = 50;

/** A fault as a sentence. */
export function faultText({ pointer, detail }: FieldError): string {
  return `${pointer || 'The body'} ${detail}`;
}

/**
 * The request is well-formed JSON but breaks a rule; names every field that does, up to a limit.
 *
 * @param unnamed how many more faults there are than these
 */
export function invalidRequest(faults: readonly FieldError[], unnamed = 0): ProblemError {
  const errors = faults.slice(0, MAX_ERRORS);
  const count = faults.length + unnamed;
  const [first] = errors;
  const detail = first ? faultText(first) : 'The request is not valid.';
  const where = count > MAX_ERRORS ? `the first ${MAX_ERRORS} are in errors` : 'see errors';
  const more = count > 1 ? ` (and ${count - 1} more, ${where})` : '';
  return new ProblemError({ status: 400, code: 'invalid_request', detail: detail + more, errors });
}
