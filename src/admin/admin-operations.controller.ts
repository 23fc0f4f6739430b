import { Body, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Config } from '../config/config.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { readPageLimit } from '../http/page-limit.js';
import type { Operation, OperationSpec } from '../operations/operation.js';
import { OPERATION_ID } from '../operations/operation-store.js';
import { Operations } from '../operations/operations.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import { enqueueRules } from '../task-request/enqueue-rules.js';
import { Clock } from '../time/clock.js';
import { nextCursor, placeAt } from '../http/cursor.js';
import { AdminController } from './admin-api.js';
import {
  ListOperationsQuery,
  OperationList,
  OperationRequest,
  OperationView,
} from './admin-operations.dto.js';
import { objection, operationNotFound, tooManyOperations } from './operation-problems.js';
import { operationView } from './operation-view.js';
import { queueNotFound } from './queue-not-found.js';
import { readOperation } from './read-operation.js';

/** What there is to count is mostly counted by then. */
const COUNT_WITHIN_MS = 2000;

@AdminController('operations')
export class AdminOperationsController {
  private readonly horizonMs: number;

  constructor(
    private readonly operations: Operations,
    private readonly queues: QueueRegistry,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.horizonMs = enqueueRules(config).horizonMs;
  }

  @Post()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'beginOperation',
    summary: 'Retry, cancel, delete, reschedule or purge everything that fits a filter',
    description:
      'Is done in the background, newest tasks first, at `rate` tasks per second; tasks that are stored meanwhile are not among it. `dry_run` counts, and answers 200 when that is over within 2 s. What a process leaves behind that dies, another one goes on with.',
  })
  @ApiResponse({ status: 200, type: OperationView, description: 'It was counted; nothing was changed.' })
  @ApiResponse({ status: 202, type: OperationView, description: 'It has begun.' })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such queue to purge.')
  @ApiProblem(409, 'Too many operations are not over yet (`too_many_operations`).')
  async begin(
    @Body() request: OperationRequest,
    @By() by: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OperationView> {
    const now = this.clock.now();
    const spec = readOperation(request, { by, now, horizonMs: this.horizonMs });
    await this.requirePurgeable(spec);
    const begun = await this.operations.begin(spec);
    if (!begun) throw tooManyOperations();
    if (!spec.isDryRun) return this.view(begun);
    const counted = await this.operations.settled(begun, COUNT_WITHIN_MS);
    if (counted.state !== 'running') void reply.status(200);
    return this.view(counted);
  }

  @Get()
  @ApiOperation({
    operationId: 'listOperations',
    summary: 'The operations of the last seven days, newest first',
  })
  @ApiResponse({ status: 200, type: OperationList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() { limit, cursor }: ListOperationsQuery): Promise<OperationList> {
    const page = await this.operations.page(readPageLimit(limit), placeAt(cursor, OPERATION_ID));
    return {
      operations: page.operations.map((operation) => this.view(operation)),
      next_cursor: nextCursor(page.next),
    };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getOperation', summary: 'How far an operation is' })
  @ApiResponse({ status: 200, type: OperationView })
  @ApiProblem(404, 'No such operation; they are kept for seven days.')
  async get(@Param('id') id: string): Promise<OperationView> {
    return this.view(await this.existing(id));
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'cancelOperation',
    summary: 'End an operation halfway',
    description: 'With what was dealt with it stays as it is.',
  })
  @ApiResponse({ status: 202, type: OperationView })
  @ApiProblem(404, 'No such operation.')
  @ApiProblem(
    409,
    'It is over, or was ended before (`operation_over`), or is a purge (`purge_not_cancellable`).',
  )
  async cancel(@Param('id') id: string, @By() by: Actor): Promise<OperationView> {
    await this.existing(id);
    const asked = await this.operations.cancel(id, by);
    if (asked !== 'wanted') throw objection(asked);
    return this.view(await this.existing(id));
  }

  @Post(':id/undo')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'undoOperation',
    summary: 'Bring back what a purge has taken',
    description:
      'For 15 minutes. Tasks come back as they were: ids, calls, times, attempts. What has not been taken out of its place yet is there again at once, the rest follows; what is due asks its gates like every task.',
  })
  @ApiResponse({ status: 202, type: OperationView })
  @ApiProblem(404, 'No such operation.')
  @ApiProblem(
    409,
    'It is no purge or too old (`not_undoable`), or is being undone already (`operation_over`).',
  )
  async undo(@Param('id') id: string, @By() by: Actor): Promise<OperationView> {
    await this.existing(id);
    const asked = await this.operations.undo(id, by);
    if (asked !== 'wanted') throw objection(asked);
    return this.view(await this.existing(id));
  }

  private async requirePurgeable({ action, filter: { queue } }: OperationSpec): Promise<void> {
    if (action !== 'purge' || queue === undefined) return;
    if (!(await this.queues.find(queue))) throw queueNotFound();
  }

  private async existing(id: string): Promise<Operation> {
    const operation = OPERATION_ID.test(id) ? await this.operations.find(id) : undefined;
    if (!operation) throw operationNotFound();
    return operation;
  }

  private view(operation: Operation): OperationView {
    return operationView(operation, this.clock.now());
  }
}
