import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who asks an admin route for something. */
export interface Actor {
  /** Fingerprint of the admin key; nothing when the admin API is open and asks for none. */
  readonly key?: string;
  /** Of the connection. */
  readonly address: string;
  /** The id of the request in the log. */
  readonly requestId: string;
}

const fingerprints = new WeakMap<FastifyRequest, string>();

/** For the guard: this request came with the admin key that has this fingerprint. */
export function rememberAdminKey(request: FastifyRequest, fingerprint: string): void {
  fingerprints.set(request, fingerprint);
}

/** Who sends the request, as a parameter of a route. */
export const By = createParamDecorator((_data: unknown, context: ExecutionContext): Actor => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const key = fingerprints.get(request);
  return { ...(key !== undefined && { key }), address: request.ip, requestId: request.id };
});
