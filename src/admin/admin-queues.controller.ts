import { Body, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { type AuditAction, auditLine } from '../audit/audit-line.js';
import { Faults } from '../task-request/faults.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition, SendsEtag } from '../http/etag.js';
import { placeAt } from '../http/cursor.js';
import { readPageLimit } from '../http/page-limit.js';
import { invalidRequest, ProblemError } from '../http/problem.js';
import { type QueueChange, QueueRegistry } from '../queue/queues/queue-registry.js';
import { QUEUE_NAME, type QueueSettings, resumed } from '../queue/queues/queue-settings.js';
import { Clock } from '../time/clock.js';
import { AdminController, AnswersWithEtag, Conditional, CreatesOrChanges } from './admin-api.js';
import { PauseQueueRequest, PutQueueRequest, QueueView } from './admin-queues.dto.js';
import { QueueDesk } from './queue-desk.js';
import { ListQueuesQuery, QueueDetailView, QueueList } from './queue-figures.dto.js';
import { queueNotFound } from './queue-not-found.js';
import { queueView, settingsOf } from './queue-view.js';
import { faultOfName, readPause, readQueueSettings } from './read-queue-settings.js';

@AdminController('queues')
export class AdminQueuesController {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly desk: QueueDesk,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listQueues',
    summary: 'The queues, what is set for them, and how they are doing',
    description: 'The lanes, most urgent first, then the other queues by name.',
  })
  @ApiResponse({ status: 200, type: QueueList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  list(@Query() { limit, cursor }: ListQueuesQuery): Promise<QueueList> {
    return this.desk.page(readPageLimit(limit), placeAt(cursor, QUEUE_NAME));
  }

  @Get(':name')
  @ApiOperation({
    operationId: 'getQueue',
    summary: 'One queue, what is set for it, and how it is doing',
    description: 'The ETag is of what is set for it.',
  })
  @AnswersWithEtag(QueueDetailView, new SendsEtag(settingsOf))
  @ApiProblem(404, 'There is no such queue.')
  async get(@Param('name') name: string): Promise<QueueDetailView> {
    const view = await this.desk.find(name);
    if (!view) throw queueNotFound();
    return view;
  }

  @Put(':name')
  @ApiOperation({
    operationId: 'putQueue',
    summary: 'Create a queue, or replace what is set for it',
    description:
      'Limits hold at once, for tasks that are queued already, too; a lane and retries for those that come, a retention for those that end. A pause stays as it is.',
  })
  @AnswersWithEtag(QueueView)
  @CreatesOrChanges()
  @ApiProblem(400, 'The request breaks a rule, or no queue can have this name.')
  async put(
    @Param('name') name: string,
    @Body() request: PutQueueRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<QueueView> {
    const fault = faultOfName(name);
    if (fault !== undefined) {
      throw new ProblemError({ status: 400, code: 'invalid_queue_name', detail: `${fault}.` });
    }
    const faults = new Faults();
    const settings = readQueueSettings(name, request, faults);
    if (faults.list.length > 0) throw invalidRequest(faults.list);
    return this.change(name, { action: 'queue.put', by, precondition }, (current) => ({
      ...settings,
      ...(current?.paused && { paused: current.paused }),
    }));
  }

  @Post(':name/pause')
  @ApiBody({ type: PauseQueueRequest, required: false })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pauseQueue',
    summary: 'Start no more of its tasks',
    description: 'Tasks are accepted and wait; running ones finish.',
  })
  @AnswersWithEtag(QueueView)
  @Conditional()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such queue.')
  async pause(
    @Param('name') name: string,
    @Body() request: PauseQueueRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<QueueView> {
    const faults = new Faults();
    const paused = readPause(request, this.clock.now(), faults);
    if (faults.list.length > 0) throw invalidRequest(faults.list);
    const asked = { action: 'queue.pause', by, precondition } as const;
    return this.change(name, asked, (current) => ({ ...existing(current), paused }));
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ operationId: 'resumeQueue', summary: 'Start its tasks again' })
  @AnswersWithEtag(QueueView)
  @Conditional()
  @ApiProblem(404, 'There is no such queue.')
  async resume(
    @Param('name') name: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<QueueView> {
    const asked = { action: 'queue.resume', by, precondition } as const;
    return this.change(name, asked, (current) => resumed(existing(current)));
  }

  private async change(
    name: string,
    { action, by, precondition }: Asked,
    change: QueueChange,
  ): Promise<QueueView> {
    const now = this.clock.now();
    const checked: QueueChange = (settings) => {
      precondition.require(settings && queueView({ name, settings }, now));
      return change(settings);
    };
    return queueView(
      await this.queues.change(name, checked, auditLine(action, `queue:${name}`, by)),
      this.clock.now(),
    );
  }
}

interface Asked {
  readonly action: AuditAction;
  readonly by: Actor;
  readonly precondition: Precondition;
}

function existing(settings: QueueSettings | undefined): QueueSettings {
  if (!settings) throw queueNotFound();
  return settings;
}
