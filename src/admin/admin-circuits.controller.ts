import { Body, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import { Circuits } from '../circuit-breaker/circuits.js';
import { HOST_NAME } from '../circuit-breaker/host-name.js';
import { KnownHosts } from '../circuit-breaker/known-hosts.js';
import { Faults } from '../task-request/faults.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { nextCursor, placeAt } from '../http/cursor.js';
import { readPageLimit } from '../http/page-limit.js';
import { invalidRequest } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { AdminController } from './admin-api.js';
import { CircuitList, CircuitView, ListCircuitsQuery, OpenCircuitRequest } from './admin-circuits.dto.js';
import { circuitView, NO_KEY } from './circuit-view.js';
import { HOST_PARAM, NamedHost } from './named-host.js';
import { readUntil } from './read-queue-settings.js';

const NO_HOST = 'The path names no host. Every host has a circuit: one that nothing is known of is closed.';

@AdminController('circuits')
export class AdminCircuitsController {
  constructor(
    private readonly circuits: Circuits,
    private readonly known: KnownHosts,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listCircuits',
    summary: 'Hosts whose circuit is not closed, or that are limited',
    description:
      'With `state`, at most 10,000 hosts are looked at for one page, which the answer names in `window`: `next_cursor` goes on behind them.',
  })
  @ApiResponse({ status: 200, type: CircuitList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() { limit, cursor, state }: ListCircuitsQuery): Promise<CircuitList> {
    const after = placeAt(cursor, HOST_NAME);
    const { hosts, scanned, next } = await this.known.page(readPageLimit(limit), state, after);
    const window = { scanned, complete: next === undefined };
    return { circuits: hosts.map(circuitView), next_cursor: nextCursor(next), window };
  }

  @Get(':host')
  @ApiOperation({ operationId: 'getCircuit', summary: 'The circuit of one host' })
  @ApiParam(HOST_PARAM)
  @ApiResponse({ status: 200, type: CircuitView })
  @ApiProblem(404, NO_HOST)
  async get(@NamedHost() host: string): Promise<CircuitView> {
    return circuitView(await this.known.find(host));
  }

  @Post(':host/open')
  @ApiBody({ type: OpenCircuitRequest, required: false })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'openCircuit',
    summary: 'Send nothing to a host',
    description:
      'Its tasks are accepted and wait, also those that wait already or come to their next try; running ones finish. It holds over restarts, until somebody closes or resets it, or until the time that is given.',
  })
  @ApiParam(HOST_PARAM)
  @ApiResponse({ status: 200, type: CircuitView })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, NO_HOST)
  async open(
    @NamedHost() host: string,
    @Body() { reason, until }: OpenCircuitRequest,
    @By() by: Actor,
  ): Promise<CircuitView> {
    const faults = new Faults();
    const end = readUntil(until, this.clock.now(), faults);
    if (faults.list.length > 0) throw invalidRequest(faults.list);
    const order = { until: end ?? Infinity, by: by.key ?? NO_KEY, note: reason ?? '' };
    const line = auditLine('circuit.open', `host:${host}`, by);
    return circuitView(await this.known.withLimit(await this.circuits.open(host, order, line)));
  }

  @Post(':host/close')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'closeCircuit',
    summary: 'Send to a host again, step by step',
    description: 'What waits for it is let in as after an outage. Failures open it again.',
  })
  @ApiParam(HOST_PARAM)
  @ApiResponse({ status: 200, type: CircuitView })
  @ApiProblem(404, NO_HOST)
  async close(@NamedHost() host: string, @By() by: Actor): Promise<CircuitView> {
    const line = auditLine('circuit.close', `host:${host}`, by);
    return circuitView(await this.known.withLimit(await this.circuits.close(host, line)));
  }

  @Post(':host/reset')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'resetCircuit',
    summary: 'Forget all that there is against a host',
    description:
      'What waits for it is let in at once, also of clients that it has asked to wait. Its limits stay.',
  })
  @ApiParam(HOST_PARAM)
  @ApiResponse({ status: 200, type: CircuitView })
  @ApiProblem(404, NO_HOST)
  async reset(@NamedHost() host: string, @By() by: Actor): Promise<CircuitView> {
    const line = auditLine('circuit.reset', `host:${host}`, by);
    return circuitView(await this.known.withLimit(await this.circuits.reset(host, line)));
  }
}
