import { Delete, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { ProblemError } from '../http/problem.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import { laneItself, type NamedQueue, type QueueSettings } from '../queue/queues/queue-settings.js';
import { AdminController } from './admin-api.js';
import { isSet, PurgeQuery, PurgeQueueQuery, PurgeResult } from './admin-purge.dto.js';
import { queueNotFound } from './queue-not-found.js';
import { PurgeDesk } from './purge-desk.js';

@AdminController('queues')
export class AdminPurgeQueueController {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly purges: PurgeDesk,
  ) {}

  @Delete(':name')
  @ApiOperation({
    operationId: 'purgeQueue',
    summary: 'Purge a lane or a named queue',
    description:
      'All of its tasks that have not ended and do not run are gone at once, and can be brought back for 15 minutes (`POST /admin/operations/{id}/undo`); then their memory is freed. What runs goes on. `dry_run` counts first.',
  })
  @ApiResponse({ status: 200, type: PurgeResult })
  @ApiProblem(404, 'There is no such queue.')
  @ApiProblem(
    409,
    'A lane cannot be removed (`lane_is_permanent`), or too many operations are not over yet (`too_many_operations`).',
  )
  async purge(
    @Param('name') text: string,
    @Query() query: PurgeQueueQuery,
    @By() by: Actor,
  ): Promise<PurgeResult> {
    const queue = await this.queues.find(text);
    if (!queue) throw queueNotFound();
    const removed = isSet(query.delete) ? removable(queue) : undefined;
    return this.purges.purge({ what: { queue: queue.name }, removed }, query, by);
  }
}

@AdminController('dlq')
export class AdminClearDlqController {
  constructor(private readonly purges: PurgeDesk) {}

  @Delete()
  @ApiOperation({
    operationId: 'clearDeadLetters',
    summary: 'Clear the dead letters',
    description:
      'They are gone at once, and can be brought back for 15 minutes (`POST /admin/operations/{id}/undo`); then their memory is freed. `dry_run` counts first.',
  })
  @ApiResponse({ status: 200, type: PurgeResult })
  @ApiProblem(409, 'Too many operations are not over yet (`too_many_operations`).')
  clear(@Query() query: PurgeQuery, @By() by: Actor): Promise<PurgeResult> {
    return this.purges.purge({ what: { state: 'dead_letter' } }, query, by);
  }
}

/** What is set for a queue that may be removed. */
function removable({ name, settings }: NamedQueue): QueueSettings {
  if (laneItself(name) !== undefined) throw lanePermanent();
  return settings;
}

function lanePermanent(): ProblemError {
  const detail = 'A lane is always there. Without delete=true it is purged only.';
  return new ProblemError({ status: 409, code: 'lane_is_permanent', detail });
}
