import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { clientIdOf } from './principal.js';
import { ProblemError, type ProblemInit } from './problem.js';
import { routeOf } from './route-of.js';
import { networkOf } from './sender-address.js';

/** The bound on requests per second of a principal. */
export abstract class IngressLimit {
  /** @returns 0 when the request is taken, or after how many milliseconds one will be */
  abstract take(principal: string): Promise<number>;
}

const PAYS_FOR_ITSELF = 'ingress:pays-for-itself';

/** Of a route that takes its tokens by itself. */
export const PaysForItself = (): MethodDecorator => SetMetadata(PAYS_FOR_ITSELF, true);

/** Whoever watches has to get through when others send too much. */
const FREE = ['/health', '/version', '/metrics', '/v1/autoscale'];

/** One guard for every route. */
@Injectable()
export class IngressGuard implements CanActivate {
  constructor(
    private readonly limit: IngressLimit,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): true | Promise<true> {
    if (this.reflector.get<true | undefined>(PAYS_FOR_ITSELF, context.getHandler())) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isFree(routeOf(request).url ?? '')) return true;
    return this.takeToken(clientIdOf(request) ?? networkOf(request.ip));
  }

  private async takeToken(principal: string): Promise<true> {
    const waitMs = await this.limit.take(principal);
    if (waitMs > 0) throw new ProblemError(tooManyRequests(waitMs));
    return true;
  }
}

/** More requests per second than are taken from one principal. */
export function tooManyRequests(waitMs: number): ProblemInit {
  return {
    status: 429,
    code: 'too_many_requests',
    detail: 'More requests per second than this server takes from one sender (INGRESS_RPS). Slow down.',
    headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
  };
}

function isFree(route: string): boolean {
  return FREE.some((prefix) => route === prefix || route.startsWith(`${prefix}/`));
}
