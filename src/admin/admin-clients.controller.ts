import { Body, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import { withSettings } from '../clients/client-settings.js';
import { ClientList } from '../clients/client-list.js';
import { ClientHasTasks, ClientStore, NoSuchTier } from '../clients/client-store.js';
import type { Client } from '../clients/client.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { nextCursor, placeAt } from '../http/cursor.js';
import { readPageLimit } from '../http/page-limit.js';
import { IfMatch, type Precondition } from '../http/etag.js';
import { invalidRequest, ProblemError } from '../http/problem.js';
import { CLIENT_ID } from '../task/task-id.js';
import { Clock } from '../time/clock.js';
import { AdminController, AnswersWithEtag, Conditional, CreatesOrChanges } from './admin-api.js';
import {
  ClientListView,
  ClientQuery,
  ClientView,
  DeleteClientRequest,
  ListClientsQuery,
  SetClientRequest,
} from './admin-clients.dto.js';
import { clientNotFound, existingClient } from './client-not-found.js';
import { clientView } from './client-view.js';

@AdminController('clients')
export class AdminClientsController {
  constructor(
    private readonly clients: ClientStore,
    private readonly all: ClientList,
    private readonly clock: Clock,
  ) {}

  @Post('set')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'setClient',
    summary: 'Create or change a client',
    description: 'Holds for its next request, and for tasks that are queued already, too.',
  })
  @AnswersWithEtag(ClientView)
  @CreatesOrChanges()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  async set(
    @Body() request: SetClientRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<ClientView> {
    const { client_id: id, tier, enabled } = request;
    const settings = {
      tier: tier ?? undefined,
      enabled: enabled ?? undefined,
      requestsPerMinute: request.requests_per_minute,
      maxConcurrent: request.max_concurrent,
      maxAlive: request.max_alive,
    };
    const change = (current: Client | undefined) => {
      precondition.require(current && clientView(current));
      return withSettings(current, settings, this.clock.now());
    };
    const changed = this.clients.change(id, change, auditLine('client.set', `client:${id}`, by));
    return clientView(await changed.catch(tellOfTier));
  }

  @Get()
  @ApiOperation({ operationId: 'listClients', summary: 'The clients' })
  @ApiResponse({ status: 200, type: ClientListView })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() { limit, cursor }: ListClientsQuery): Promise<ClientListView> {
    const { clients, next } = await this.all.page(readPageLimit(limit), placeAt(cursor, CLIENT_ID));
    return { clients: clients.map(clientView), next_cursor: nextCursor(next) };
  }

  @Get('get')
  @ApiOperation({ operationId: 'getClient', summary: 'One client' })
  @AnswersWithEtag(ClientView)
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such client.')
  async get(@Query() { client_id }: ClientQuery): Promise<ClientView> {
    return clientView(existingClient(await this.clients.find(client_id)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteClient',
    summary: 'Delete a client',
    description:
      'Its keys open nothing from then on. Refused while tasks of it are alive, because its limits would go and they would stay: disable it meanwhile. What it has finished stays for as long as it would.',
  })
  @ApiResponse({ status: 204, description: 'It is deleted.' })
  @Conditional()
  @ApiProblem(404, 'There is no such client.')
  @ApiProblem(409, 'Tasks of it are alive (`client_has_tasks`).')
  async delete(
    @Param('id') id: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    const check = (current: Client): void => {
      precondition.require(clientView(current));
    };
    const removed = this.clients.remove(id, check, auditLine('client.delete', `client:${id}`, by));
    if (!(await removed.catch(tellOfTasks))) throw clientNotFound();
  }

  @Post('delete')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'postDeleteClient',
    summary: 'Delete a client',
    description: 'The same as `DELETE /admin/clients/{id}`, for who cannot send that.',
  })
  @ApiResponse({ status: 204, description: 'It is deleted.' })
  @Conditional()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such client.')
  @ApiProblem(409, 'Tasks of it are alive (`client_has_tasks`).')
  async postDelete(
    @Body() { client_id }: DeleteClientRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    await this.delete(client_id, precondition, by);
  }
}

function tellOfTier(error: unknown): never {
  if (!(error instanceof NoSuchTier)) throw error;
  const detail = 'is no tier; GET /admin/tiers lists them, PUT /admin/tiers/{name} creates one';
  throw invalidRequest([{ pointer: '/tier', detail }]);
}

function tellOfTasks(error: unknown): never {
  if (!(error instanceof ClientHasTasks)) throw error;
  const detail =
    'Tasks of the client wait or run. Cancel them or let them end; with enabled false none starts and none comes.';
  throw new ProblemError({ status: 409, code: 'client_has_tasks', detail });
}
