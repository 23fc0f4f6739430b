import { Injectable } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { CLIENT_ROUTES, isBelow } from '../http/client-routes.js';
import { AdminKey } from '../http/admin-key.js';
import { type Door, Doors } from '../http/doors.js';
import { readingOf } from '../http/read-tokens.js';
import { type Principal, rememberPrincipal } from '../http/principal.js';
import { routeOf } from '../http/route-of.js';
import { apiKeyRequired } from './client-problems.js';
import { KeyCheck } from './key-check.js';
import { requiresKey } from './requires-key.js';
import { sentKey } from './sent-key.js';

/** Of a route that opens without a key, too, and looks itself at what it is sent instead. */
export const OpensWithTicket = (): MethodDecorator => RouteConfig({ opensWithTicket: true });

/** Of a route whose task is judged by what the store says of its client (`ClientJudge`): here a look into it is saved. */
export const JudgedWithTheTask = (): MethodDecorator => RouteConfig({ isJudgedWithTheTask: true });

const ANYONE: Principal = { kind: 'anyone' };
const ADMIN: Principal = { kind: 'admin' };

/** Finds out as whom a request of a client is made, on each of its routes, also one that does not exist yet, and sends away who may not be there. */
@Injectable()
export class ClientGuard implements Door {
  private readonly requiresKey: boolean;

  constructor(
    config: Config,
    private readonly adminKey: AdminKey,
    private readonly keys: KeyCheck,
    doors: Doors,
  ) {
    doors.add(this);
    this.requiresKey = requiresKey(config);
  }

  admit(request: FastifyRequest): boolean | Promise<boolean> {
    if (!isBelow(routeOf(request).url ?? '', CLIENT_ROUTES)) return true;
    // It is no business of clients, and was looked at.
    if (readingOf(request) !== undefined) return true;
    const key = sentKey(request.headers);
    if (this.adminKey.isSentBy(request)) rememberPrincipal(request, ADMIN);
    else if (key !== undefined) return this.keys.admit(request, key, isJudgedLater(request));
    else if (this.requiresKey && !opensWithTicket(request)) throw apiKeyRequired();
    else rememberPrincipal(request, ANYONE);
    return true;
  }
}

function isJudgedLater(request: FastifyRequest): boolean {
  return 'isJudgedWithTheTask' in routeOf(request).config;
}

function opensWithTicket(request: FastifyRequest): boolean {
  return 'opensWithTicket' in routeOf(request).config;
}
