import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** As whom a request to `/v1` is made. */
export type Principal =
  /** In open mode, whoever sends no key. */
  | { readonly kind: 'anyone' }
  /** Who has sent the API key with this hash. */
  | { readonly kind: 'client'; readonly clientId: string; readonly keyHash: string }
  | { readonly kind: 'admin' };

const principals = new WeakMap<FastifyRequest, Principal>();

/** For the guard: as whom this request is made. */
export function rememberPrincipal(request: FastifyRequest, principal: Principal): void {
  principals.set(request, principal);
}

/** @throws Error when no guard has looked at the request: then it is nobody's to answer */
export function principalOf(request: FastifyRequest): Principal {
  const principal = principals.get(request);
  if (!principal) throw new Error('a route of clients that no guard looks after');
  return principal;
}

/** The client of the API key that a request came with, if it came with one. */
export function clientIdOf(request: FastifyRequest): string | undefined {
  const principal = principals.get(request);
  return principal?.kind === 'client' ? principal.clientId : undefined;
}

/** As whom the request is made, as a parameter of a route. */
export const As = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  return principalOf(context.switchToHttp().getRequest<FastifyRequest>());
});
