import type { FastifyRequest } from 'fastify';

/** @throws what is answered instead */
type Check = () => Promise<void>;

const checks = new WeakMap<FastifyRequest, Check>();

/**
 * For a guard that lets a request in by what it remembers, since the request is judged again later: what to ask before the
 * request is told that something is wrong with it, which that judge never sees.
 */
export function checkBeforeRefusal(request: FastifyRequest, check: Check): void {
  checks.set(request, check);
}

export function lateCheckOf(request: FastifyRequest): Check | undefined {
  return checks.get(request);
}
