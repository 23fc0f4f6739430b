import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Principal } from '../http/principal.js';
import { readIdempotencyKey } from './idempotency-key.js';
import type { Call } from './intake.js';
import type { CallHeaders } from './task-maker.js';

/** The headers of a request that have a say in what becomes of it. */
export type EnqueueHeaders = CallHeaders & Readonly<Partial<Record<'idempotency-key', string>>>;

/** @throws ProblemError when the Idempotency-Key is none */
export function callOf(headers: EnqueueHeaders, principal: Principal): Call {
  return { headers, principal, idempotencyKey: readIdempotencyKey(headers['idempotency-key']) };
}

/** @param about what the key does here */
export function ApiEnqueueHeaders(about: string): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'traceparent',
      required: false,
      description: 'W3C Trace Context; goes on to the target.',
    }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: `1 to 255 visible ASCII characters, unique among the requests of a client; single requests and batches do not share keys. ${about}`,
    }),
  );
}

const QUOTA = { schema: { type: 'string' } };

/** For the description of answers. */
export const RATE_LIMIT_HEADERS = {
  'RateLimit-Policy': { ...QUOTA, description: 'Of a client with a limit: `"client";q=<requests>;w=60`.' },
  RateLimit: {
    ...QUOTA,
    description:
      'Of a client with a limit: `"client";r=<requests that remain>;t=<seconds until there are more>`.',
  },
};
