import { Body, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import { type HostLimit, HostLimits, UNLIMITED } from '../circuit-breaker/host-limits.js';
import { Faults } from '../task-request/faults.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition } from '../http/etag.js';
import { invalidRequest } from '../http/problem.js';
import { AdminController, AnswersWithEtag, Conditional } from './admin-api.js';
import { LimitedHostView, PutHostLimitsRequest } from './admin-circuits.dto.js';
import { limitsView, readLimits } from './limits.js';
import { HOST_PARAM, NamedHost } from './named-host.js';

const NO_HOST = 'The path names no host.';

@AdminController('circuits/:host/limits')
export class AdminHostLimitsController {
  constructor(private readonly limits: HostLimits) {}

  @Get()
  @ApiOperation({ operationId: 'getHostLimits', summary: 'What all tasks together may ask of a host' })
  @ApiParam(HOST_PARAM)
  @AnswersWithEtag(LimitedHostView)
  @ApiProblem(404, NO_HOST)
  async get(@NamedHost() host: string): Promise<LimitedHostView> {
    return limitedHostView(host, await this.limits.find(host));
  }

  @Put()
  @ApiOperation({
    operationId: 'putHostLimits',
    summary: 'Limit what all tasks together may ask of a host',
    description:
      'Replaces what was set. Holds at once, whoever the tasks belong to, for those that are queued already, too; what is over it waits.',
  })
  @ApiParam(HOST_PARAM)
  @AnswersWithEtag(LimitedHostView)
  @Conditional()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, NO_HOST)
  async put(
    @NamedHost() host: string,
    @Body() request: PutHostLimitsRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<LimitedHostView> {
    const line = auditLine('host.put', `host:${host}`, by);
    const check = unlessChanged(host, precondition);
    return limitedHostView(host, await this.limits.set(host, readLimit(request), line, check));
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteHostLimits', summary: 'Remove the limits of a host' })
  @ApiParam(HOST_PARAM)
  @ApiResponse({ status: 204, description: 'It has none.' })
  @Conditional()
  @ApiProblem(404, NO_HOST)
  async delete(
    @NamedHost() host: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    const line = auditLine('host.delete', `host:${host}`, by);
    await this.limits.set(host, UNLIMITED, line, unlessChanged(host, precondition));
  }
}

function unlessChanged(host: string, precondition: Precondition) {
  return (current: HostLimit): void => {
    precondition.require(limitedHostView(host, current), Object.keys(current).length > 0);
  };
}

function readLimit(request: PutHostLimitsRequest): HostLimit {
  const faults = new Faults();
  const limit = readLimits(request, faults);
  if (faults.list.length > 0) throw invalidRequest(faults.list);
  return limit;
}

function limitedHostView(host: string, limit: HostLimit): LimitedHostView {
  return { host, ...limitsView(limit) };
}
