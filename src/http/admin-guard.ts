import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CLIENT_ROUTES, isBelow } from './client-routes.js';
import { AdminKey } from './admin-key.js';
import { readingOf, ReadTokens } from './read-tokens.js';
import { routeOf } from './route-of.js';

/** The routes that need no admin key. A route that is not below one of these needs it: new ones are born closed. */
const PUBLIC = [...CLIENT_ROUTES, '/ws', '/health', '/version', '/docs', '/openapi.json'];

/** One guard for every route of the application. It asks the matched route, so no spelling of a URL gets around it. */
@Injectable()
export class AdminGuard {
  constructor(
    private readonly key: AdminKey,
    private readonly tokens: ReadTokens,
  ) {}

  admit(request: FastifyRequest): boolean | Promise<boolean> {
    const reading = readingOf(request);
    if (reading !== undefined) return this.tokens.admit(reading, request);
    return isBelow(routeOf(request).url ?? '', PUBLIC) || this.key.require(request);
  }
}
