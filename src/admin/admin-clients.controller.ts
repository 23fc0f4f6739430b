import { Body, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ClientStore } from '../clients/client-store.js';
import type { Client } from '../clients/client.js';
import { tierLimits } from '../clients/tier.js';
import { ApiProblem } from '../http/api-problem.js';
import { ProblemError } from '../http/problem.js';
import { formatTime } from '../time/rfc3339.js';
import { AdminController } from './admin-api.js';
import {
  ClientList,
  ClientView,
  GetClientQuery,
  ListClientsQuery,
  SetClientRequest,
} from './admin-clients.dto.js';

const DEFAULT_LIMIT = 50;

@AdminController('clients')
export class AdminClientsController {
  constructor(private readonly clients: ClientStore) {}

  @Post('set')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'setClient',
    summary: 'Create or change a client',
    description:
      'Holds at once, for tasks that are queued already, too. A client for whom nothing was set has no limits.',
  })
  @ApiResponse({ status: 200, type: ClientView })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  async set(@Body() request: SetClientRequest): Promise<ClientView> {
    const { client_id, tier, enabled } = request;
    return clientView(await this.clients.set(client_id, tier, enabled ?? undefined));
  }

  @Get()
  @ApiOperation({ operationId: 'listClients', summary: 'The clients for whom something was set' })
  @ApiResponse({ status: 200, type: ClientList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() { limit, cursor }: ListClientsQuery): Promise<ClientList> {
    const { clients, next } = await this.clients.list(Number(limit ?? DEFAULT_LIMIT), cursor);
    return { clients: clients.map(clientView), next_cursor: next ?? null };
  }

  @Get('get')
  @ApiOperation({ operationId: 'getClient', summary: 'One client' })
  @ApiResponse({ status: 200, type: ClientView })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'Nothing was set for this client.')
  async get(@Query() { client_id }: GetClientQuery): Promise<ClientView> {
    const client = await this.clients.find(client_id);
    if (!client) throw clientNotFound();
    return clientView(client);
  }
}

function clientView({ id, tier, enabled, createdAt, updatedAt }: Client): ClientView {
  const { requestsPerMinute, maxConcurrent } = tierLimits(tier);
  return {
    client_id: id,
    tier,
    enabled,
    requests_per_minute: requestsPerMinute,
    max_concurrent: maxConcurrent,
    created_at: formatTime(createdAt),
    updated_at: formatTime(updatedAt),
  };
}

function clientNotFound(): ProblemError {
  const detail = 'Nothing was set for a client with this id. POST /admin/clients/set sets something.';
  return new ProblemError({ status: 404, code: 'client_not_found', detail });
}
