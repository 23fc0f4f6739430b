import { Body, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import { type Limits, NO_TIER, type Tier, TIER_NAME } from '../clients/tier.js';
import { TierInUse, TierStore, TooManyTiers } from '../clients/tier-store.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition } from '../http/etag.js';
import { ProblemError } from '../http/problem.js';
import { formatTime } from '../time/rfc3339.js';
import { AdminController, AnswersWithEtag, Conditional, CreatesOrChanges } from './admin-api.js';
import { type ListedTier, PutTierRequest, TierList, TierView } from './admin-tiers.dto.js';

@AdminController('tiers')
export class AdminTiersController {
  constructor(private readonly tiers: TierStore) {}

  @Get()
  @ApiOperation({ operationId: 'listTiers', summary: 'The tiers and their limits' })
  @ApiResponse({ status: 200, type: TierList })
  async list(): Promise<TierList> {
    return { tiers: (await this.tiers.all()).map(listedTier) };
  }

  @Get(':name')
  @ApiOperation({ operationId: 'getTier', summary: 'One tier' })
  @AnswersWithEtag(TierView)
  @ApiProblem(404, 'There is no such tier.')
  async get(@Param('name') name: string): Promise<TierView> {
    const tier = TIER_NAME.test(name) ? await this.tiers.find(name) : undefined;
    if (!tier) throw tierNotFound();
    return tierView(tier);
  }

  @Put(':name')
  @ApiOperation({
    operationId: 'putTier',
    summary: 'Create a tier, or change its limits',
    description:
      'Holds for all its clients when it is answered, for their tasks that are queued already, too.',
  })
  @AnswersWithEtag(TierView)
  @CreatesOrChanges()
  @ApiProblem(400, 'The request breaks a rule, or no tier can have this name.')
  @ApiProblem(409, 'There are as many tiers as there may be (`too_many_tiers`).')
  async put(
    @Param('name') name: string,
    @Body() request: PutTierRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<TierView> {
    if (!TIER_NAME.test(name) || name === NO_TIER) throw invalidName();
    const change = (current: Tier | undefined): Limits => {
      precondition.require(current && tierView(current));
      return limitsIn(request);
    };
    const tier = await this.tiers
      .change(name, change, auditLine('tier.put', `tier:${name}`, by))
      .catch(tellWhy);
    // Somebody may have deleted it a moment after.
    if (!tier) throw tierNotFound();
    return tierView(tier);
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteTier',
    summary: 'Delete a tier',
    description: 'One that is built in gets the limits that it comes with instead.',
  })
  @ApiResponse({ status: 204, description: 'It is deleted, or as it comes.' })
  @Conditional()
  @ApiProblem(404, 'There is no such tier.')
  @ApiProblem(409, 'Clients have it (`tier_in_use`).')
  async delete(
    @Param('name') name: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    const change = (current: Tier | undefined): undefined => {
      if (!current) throw tierNotFound();
      precondition.require(tierView(current));
    };
    await this.tiers.change(name, change, auditLine('tier.delete', `tier:${name}`, by)).catch(tellWhy);
  }
}

function limitsIn({ requests_per_minute, max_concurrent }: PutTierRequest): Limits {
  return {
    ...(requests_per_minute !== null && { requestsPerMinute: requests_per_minute }),
    ...(max_concurrent !== null && { maxConcurrent: max_concurrent }),
  };
}

function listedTier(tier: Tier): ListedTier {
  return Object.assign(tierView(tier), { clients: tier.clients, applied: tier.isApplied });
}

function tierView({ name, limits, isBuiltIn, updatedAt }: Tier): TierView {
  return {
    name,
    requests_per_minute: limits.requestsPerMinute ?? null,
    max_concurrent: limits.maxConcurrent ?? null,
    built_in: isBuiltIn,
    ...(updatedAt !== undefined && { updated_at: formatTime(updatedAt) }),
  };
}

function tellWhy(error: unknown): never {
  if (error instanceof TierInUse) {
    const detail = 'Clients have this tier. Give them another one first.';
    throw new ProblemError({ status: 409, code: 'tier_in_use', detail });
  }
  if (error instanceof TooManyTiers) {
    const detail = 'There are as many tiers as there may be. Delete one that nobody has.';
    throw new ProblemError({ status: 409, code: 'too_many_tiers', detail });
  }
  throw error;
}

function tierNotFound(): ProblemError {
  const detail = 'There is no tier of this name. PUT /admin/tiers/{name} creates one.';
  return new ProblemError({ status: 404, code: 'tier_not_found', detail });
}

function invalidName(): ProblemError {
  const detail =
    'The name of a tier is 1 to 32 lower-case letters, digits, hyphens and underscores, and begins with a letter or digit; none is what UNKNOWN_CLIENT_TIER calls no tier.';
  return new ProblemError({ status: 400, code: 'invalid_tier_name', detail });
}
