import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { AdminKey } from '../http/admin-key.js';
import { type Principal, rememberPrincipal } from '../http/principal.js';
import { apiKeyRequired } from './client-problems.js';
import { KeyCheck } from './key-check.js';
import { requiresKey } from './requires-key.js';
import { sentKey } from './sent-key.js';

/** The routes of clients. Each is looked after, also one that does not exist yet. */
const CLIENT_ROUTES = '/v1/';

const JUDGED_WITH_THE_TASK = 'clients:judged-with-the-task';

/** Of a route whose task is judged by what the store says of its client (`ClientJudge`): here a look into it is saved. */
export const JudgedWithTheTask = (): MethodDecorator => SetMetadata(JUDGED_WITH_THE_TASK, true);

const ANYONE: Principal = { kind: 'anyone' };
const ADMIN: Principal = { kind: 'admin' };

/** Finds out as whom a request to `/v1` is made, and sends away who may not be there. */
@Injectable()
export class ClientGuard implements CanActivate {
  private readonly requiresKey: boolean;

  constructor(
    config: Config,
    private readonly adminKey: AdminKey,
    private readonly keys: KeyCheck,
    private readonly reflector: Reflector,
  ) {
    this.requiresKey = requiresKey(config);
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!request.routeOptions.url?.startsWith(CLIENT_ROUTES)) return true;
    const key = sentKey(request.headers);
    if (this.adminKey.isSentBy(request)) rememberPrincipal(request, ADMIN);
    else if (key !== undefined) return this.keys.admit(request, key, this.isJudgedLater(context));
    else if (this.requiresKey) throw apiKeyRequired();
    else rememberPrincipal(request, ANYONE);
    return true;
  }

  private isJudgedLater(context: ExecutionContext): boolean {
    return this.reflector.get<true | undefined>(JUDGED_WITH_THE_TASK, context.getHandler()) ?? false;
  }
}
