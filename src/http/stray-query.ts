import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { isBelow } from './client-routes.js';
import { jsonPointer } from './json-pointer.js';
import { invalidRequest } from './problem.js';
import { routeOf } from './route-of.js';

/** Not those of other systems' words, whose clients may send more. */
const OURS = ['/v1', '/admin'];
/** Takes nothing away, and gateways in front of it add what is theirs. */
const ENQUEUES = ['/v1/enqueue'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what changes something and says more in its query than its route reads: whoever writes `?dry_run=true` where it
 * belongs into the body, or where there is no such thing, must not see it done.
 */
@Injectable()
export class StrayQueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { method, query } = request;
    const names = Object.keys(query as object);
    if (names.length === 0 || SAFE.has(method)) return true;
    const route = routeOf(request).url ?? '';
    if (!isBelow(route, OURS) || isBelow(route, ENQUEUES) || readsQuery(context)) return true;
    const detail = 'is nothing that the query of this request can say; what it takes is in its body';
    throw invalidRequest(names.map((name) => ({ pointer: jsonPointer([name]), detail })));
  }
}

/** Whether its handler has a parameter for the query, which is checked then. */
function readsQuery(context: ExecutionContext): boolean {
  const { name } = context.getHandler();
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), name) ?? {}) as object;
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
