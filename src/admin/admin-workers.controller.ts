import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { type AuditAction, auditLine } from '../audit/audit-line.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { nextCursor, placeAt } from '../http/cursor.js';
import { readPageLimit } from '../http/page-limit.js';
import { ProblemError } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { type Hold, WORKER_ID, type Worker } from '../workers/worker.js';
import { WorkerRegistry } from '../workers/worker-registry.js';
import { AdminController } from './admin-api.js';
import { HoldWorkerRequest, ListWorkersQuery, WorkerDetailView, WorkerList } from './admin-workers.dto.js';
import { workerDetailView, workerView } from './worker-view.js';

@AdminController('workers')
export class AdminWorkersController {
  constructor(
    private readonly workers: WorkerRegistry,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listWorkers',
    summary: 'The worker processes',
    description: 'They are asked; `seen_at` says when each has answered.',
  })
  @ApiResponse({ status: 200, type: WorkerList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() { limit, cursor }: ListWorkersQuery): Promise<WorkerList> {
    const { workers, next } = await this.workers.page(readPageLimit(limit), placeAt(cursor, WORKER_ID));
    return { workers: workers.map(workerView), next_cursor: nextCursor(next) };
  }

  @Get(':id')
  @ApiOperation({
    operationId: 'getWorker',
    summary: 'One worker process and what it runs',
    description: 'It is asked; `seen_at` says when it answered.',
  })
  @ApiResponse({ status: 200, type: WorkerDetailView })
  @ApiProblem(404, 'There is no such worker, or it was gone for an hour.')
  async get(@Param('id') id: string): Promise<WorkerDetailView> {
    return shown(await this.workers.find(id));
  }

  @Post(':id/pause')
  @ApiBody({ type: HoldWorkerRequest, required: false })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pauseWorker',
    summary: 'Have a worker take no further tasks',
    description:
      'What it runs goes on. Holds until it is resumed, also when it is restarted with the same WORKER_ID. The answer says what it does by then: when `state` is not yet `paused`, it did not answer within two seconds.',
  })
  @ApiResponse({ status: 200, type: WorkerDetailView })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such worker, or it was gone for an hour.')
  pause(
    @Param('id') id: string,
    @Body() { reason }: HoldWorkerRequest,
    @By() by: Actor,
  ): Promise<WorkerDetailView> {
    return this.hold(id, { action: 'worker.pause', by, wanted: this.wanted('paused', reason) });
  }

  @Post(':id/drain')
  @ApiBody({ type: HoldWorkerRequest, required: false })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'drainWorker',
    summary: 'Have a worker end its work',
    description:
      'It takes no further tasks; what it runs may finish for SHUTDOWN_TIMEOUT_SEC, the rest is handed back and uses no attempt. Then it is `drained`, and can be stopped with nothing left to do. It stays so until it is resumed, also when it is restarted with the same WORKER_ID.',
  })
  @ApiResponse({ status: 200, type: WorkerDetailView })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such worker, or it was gone for an hour.')
  drain(
    @Param('id') id: string,
    @Body() { reason }: HoldWorkerRequest,
    @By() by: Actor,
  ): Promise<WorkerDetailView> {
    return this.hold(id, { action: 'worker.drain', by, wanted: this.wanted('drained', reason) });
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ operationId: 'resumeWorker', summary: 'Have a worker take tasks again' })
  @ApiResponse({ status: 200, type: WorkerDetailView })
  @ApiProblem(404, 'There is no such worker, or it was gone for an hour.')
  resume(@Param('id') id: string, @By() by: Actor): Promise<WorkerDetailView> {
    return this.hold(id, { action: 'worker.resume', by, wanted: undefined });
  }

  private wanted(as: Hold['as'], reason?: string | null): Hold {
    return { as, since: this.clock.now(), ...(typeof reason === 'string' && { reason }) };
  }

  private async hold(id: string, { action, by, wanted }: Asked): Promise<WorkerDetailView> {
    const line = auditLine(action, `worker:${id}`, by);
    return shown(await this.workers.hold(id, wanted, line));
  }
}

interface Asked {
  readonly action: AuditAction;
  readonly by: Actor;
  readonly wanted: Hold | undefined;
}

/** @throws ProblemError when there is none */
function shown(worker: Worker | undefined): WorkerDetailView {
  if (worker) return workerDetailView(worker);
  const detail = 'There is no worker with this id. GET /admin/workers lists them.';
  throw new ProblemError({ status: 404, code: 'worker_not_found', detail });
}
