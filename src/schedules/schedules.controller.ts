import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { otherClient } from '../clients/client-problems.js';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { nextCursor, placeAt } from '../http/cursor.js';
import { readPageLimit } from '../http/page-limit.js';
import { As, type Principal } from '../http/principal.js';
import { invalidRequest } from '../http/problem.js';
import { Faults } from '../task-request/faults.js';
import { SCHEDULE_KEY } from '../task/task-id.js';
import { Clock } from '../time/clock.js';
import { readTiming } from './read-schedule.js';
import {
  ListSchedulesQuery,
  PreviewQuery,
  PreviewRequest,
  ScheduleEdit,
  ScheduleRequest,
} from './schedule.dto.js';
import { keyOf } from './key-of.js';
import { Preview, ScheduleList, ScheduleView } from './schedule-view.dto.js';
import { ScheduleStore } from './schedule-store.js';
import type { Schedule } from './schedule.js';
import { previewOf, scheduleView } from './schedule-view.js';
import { Schedules } from './schedules.js';

const NOT_FOUND = 'There is no such schedule.';
const AWAY = 'The store is away; Retry-After says when to try again.';
const DEFAULT_COUNT = '10';

@ClientController('v1/schedules')
export class SchedulesController {
  constructor(
    private readonly schedules: Schedules,
    private readonly store: ScheduleStore,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'createSchedule',
    summary: 'Create a schedule',
    description:
      'The same request again answers what there is. A worker enqueues each occurrence as a task of the client.',
  })
  @ApiResponse({ status: 201, type: ScheduleView })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(
    409,
    'There is another one with this id (`schedule_exists`), or there are too many (`too_many_schedules`).',
  )
  @ApiProblem(503, AWAY)
  async create(@Body() request: ScheduleRequest, @As() principal: Principal): Promise<ScheduleView> {
    return this.view(await this.schedules.create(request, principal));
  }

  @Get()
  @ApiOperation({
    operationId: 'listSchedules',
    summary: 'The schedules there are, by their ids',
    description: 'With the key of a client only its own.',
  })
  @ApiResponse({ status: 200, type: ScheduleList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  @ApiProblem(503, AWAY)
  async list(@Query() query: ListSchedulesQuery, @As() principal: Principal): Promise<ScheduleList> {
    const clientId = principal.kind === 'client' ? principal.clientId : query.client_id;
    if (query.client_id !== undefined && query.client_id !== clientId) throw otherClient(clientId ?? '');
    const limit = readPageLimit(query.limit);
    const found = await this.store.list(clientId, limit, placeAt(query.cursor, SCHEDULE_KEY));
    const last = found.length === limit ? found.at(-1) : undefined;
    return {
      schedules: found.map((schedule) => this.view(schedule)),
      next_cursor: nextCursor(last?.key),
    };
  }

  @Post('preview')
  @HttpCode(200)
  @ApiOperation({ operationId: 'previewTiming', summary: 'When a schedule would fire' })
  @ApiResponse({ status: 200, type: Preview })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  previewTiming(@Body() request: PreviewRequest, @Query() { count }: PreviewQuery): Preview {
    const faults = new Faults();
    const now = this.clock.now();
    const timing = readTiming(request, now, faults);
    if (faults.list.length > 0 || !timing) throw invalidRequest(faults.list);
    return previewOf(timing, now, Number(count ?? DEFAULT_COUNT));
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getSchedule', summary: 'Look up a schedule' })
  @ApiResponse({ status: 200, type: ScheduleView })
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(503, AWAY)
  async get(@Param('id') id: string, @As() principal: Principal): Promise<ScheduleView> {
    return this.view(await this.schedules.get(keyOf(id, principal)));
  }

  @Patch(':id')
  @ApiOperation({
    operationId: 'editSchedule',
    summary: 'Change a schedule',
    description:
      'What is absent stays. Another timing counts from now; tasks that were enqueued stay as they are.',
  })
  @ApiResponse({ status: 200, type: ScheduleView })
  @ApiProblem(400, 'The edit breaks a rule; `errors` names each field.')
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(
    409,
    'Others change it at the same time (`schedule_changed`), or it cannot be decrypted (`schedule_sealed`).',
  )
  @ApiProblem(503, AWAY)
  async edit(
    @Param('id') id: string,
    @Body() edit: ScheduleEdit,
    @As() principal: Principal,
  ): Promise<ScheduleView> {
    return this.view(await this.schedules.edit(keyOf(id, principal), edit, principal));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteSchedule',
    summary: 'Delete a schedule',
    description: 'Tasks that were enqueued stay as they are.',
  })
  @ApiResponse({ status: 204, description: 'It is deleted.' })
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(409, 'Others change it at the same time (`schedule_changed`).')
  @ApiProblem(503, AWAY)
  async delete(@Param('id') id: string, @As() principal: Principal): Promise<void> {
    await this.schedules.delete(keyOf(id, principal));
  }

  private view(schedule: Schedule): ScheduleView {
    return scheduleView(schedule, this.schedules.requestOf(schedule));
  }
}
