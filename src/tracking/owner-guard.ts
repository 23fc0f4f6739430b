import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isBelow, TASK_ROUTES } from '../http/client-routes.js';
import { principalOf } from '../http/principal.js';
import { routeOf } from '../http/route-of.js';
import { TaskReader } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { taskNotFound } from './task-problems.js';

/**
 * Looks after each route about tasks, also one that does not exist yet; a list, which has no id, shows each client its own
 * tasks by itself. Keeps the tasks of a client from others: whoever sends the API key of another one is told that there is no such task,
 * whatever they wanted of it. Without a key (which only open mode allows) whoever knows the id may; the admin may always.
 */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(private readonly reader: TaskReader) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { id?: string } }>>();
    const { url: route = '' } = routeOf(request);
    if (!isBelow(route, TASK_ROUTES)) return true;
    const principal = principalOf(request);
    if (TASK_ROUTES.includes(route)) return true;
    return principal.kind !== 'client' || this.requireOwner(principal.clientId, request.params.id);
  }

  private async requireOwner(clientId: string, id: string | undefined): Promise<true> {
    if (id === undefined) throw new Error('a route about the tasks of all clients, which shows them to one');
    const owner = isTaskId(id) ? await this.reader.ownerOf(id) : undefined;
    if (owner !== clientId) throw taskNotFound();
    return true;
  }
}
