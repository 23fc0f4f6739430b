import { Body, Get, Param, Put } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import type { Client, ClientRecord } from '../clients/client.js';
import { withDestinations } from '../clients/client-destinations.js';
import { ClientStore } from '../clients/client-store.js';
import { Faults } from '../task-request/faults.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition } from '../http/etag.js';
import { jsonPointer } from '../http/json-pointer.js';
import { invalidRequest } from '../http/problem.js';
import type { DestinationPolicy } from '../net/destinations.js';
import { faultOfHostPattern, hostPatternText, parseHostPattern } from '../net/host-pattern.js';
import { Clock } from '../time/clock.js';
import { AdminController, AnswersWithEtag, CreatesOrChanges } from './admin-api.js';
import { DestinationsView, PutDestinationsRequest } from './admin-destinations.dto.js';
import { existingClient } from './client-not-found.js';

@AdminController('clients')
export class AdminDestinationsController {
  constructor(
    private readonly clients: ClientStore,
    private readonly clock: Clock,
  ) {}

  @Get(':id/destinations')
  @ApiOperation({ operationId: 'getClientDestinations', summary: 'Which hosts a client may call' })
  @AnswersWithEtag(DestinationsView)
  @ApiProblem(404, 'There is no such client.')
  async get(@Param('id') id: string): Promise<DestinationsView> {
    return destinationsView(existingClient(await this.clients.find(id)));
  }

  @Put(':id/destinations')
  @ApiOperation({
    operationId: 'putClientDestinations',
    summary: 'Set which hosts a client may call',
    description:
      'Holds for its next request at once, and within a second for tasks that are queued already: those that may not go where they are to go become dead letters when they are due.',
  })
  @AnswersWithEtag(DestinationsView)
  @CreatesOrChanges()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such client.')
  async put(
    @Param('id') id: string,
    @Body() request: PutDestinationsRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<DestinationsView> {
    const policy = readPolicy(request);
    const change = (current: Client | undefined): ClientRecord => {
      const client = existingClient(current);
      precondition.require(destinationsView(client), client.record.destinations !== undefined);
      return withDestinations(client, policy, this.clock.now());
    };
    const line = auditLine('client.destinations', `client:${id}`, by);
    return destinationsView(await this.clients.change(id, change, line));
  }
}

function readPolicy({ allow, deny }: PutDestinationsRequest): DestinationPolicy {
  const faults = new Faults();
  // Would open every host, and may come of a program that sets nothing.
  if (!allow && !deny)
    faults.add('', 'must name allow or deny; {"allow": []} lets the client call every host');
  const policy = { allow: readPatterns('allow', allow, faults), deny: readPatterns('deny', deny, faults) };
  if (faults.list.length > 0) throw invalidRequest(faults.list);
  return policy;
}

function readPatterns(
  name: 'allow' | 'deny',
  texts: readonly string[] | null | undefined,
  faults: Faults,
): string[] {
  const patterns = (texts ?? []).map((text, at) => {
    const pattern = parseHostPattern(text);
    if (!pattern) faults.add(jsonPointer([name, at]), faultOfHostPattern(text));
    return pattern ? hostPatternText(pattern) : text;
  });
  return [...new Set(patterns)];
}

function destinationsView({ record }: Client): DestinationsView {
  const { allow = [], deny = [] } = record.destinations ?? {};
  return { allow, deny };
}
