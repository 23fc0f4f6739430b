import { Body, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { As, type Principal } from '../http/principal.js';
import { DEPTH, readDepth } from '../task-request/read-depth.js';
import { Clock } from '../time/clock.js';
import { keyOf } from './key-of.js';
import { PauseRequest, PreviewQuery } from './schedule.dto.js';
import { Preview, RunAnswer, ScheduleView } from './schedule-view.dto.js';
import type { Schedule } from './schedule.js';
import { previewOf, scheduleView } from './schedule-view.js';
import { Schedules } from './schedules.js';

const NOT_FOUND = 'There is no such schedule.';
const AWAY = 'The store is away; Retry-After says when to try again.';
const DEFAULT_COUNT = '10';

@ClientController('v1/schedules')
export class ScheduleControlController {
  constructor(
    private readonly schedules: Schedules,
    private readonly clock: Clock,
  ) {}

  @Post(':id/pause')
  @HttpCode(200)
  @ApiBody({ type: PauseRequest, required: false })
  @ApiOperation({ operationId: 'pauseSchedule', summary: 'Pause a schedule' })
  @ApiResponse({ status: 200, type: ScheduleView })
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(503, AWAY)
  async pause(
    @Param('id') id: string,
    @Body() { reason }: PauseRequest,
    @As() principal: Principal,
  ): Promise<ScheduleView> {
    return this.view(await this.schedules.pause(keyOf(id, principal), reason ?? undefined));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'resumeSchedule',
    summary: 'Go on with a paused schedule',
    description: 'From now on: what would have fired meanwhile is not made up for.',
  })
  @ApiResponse({ status: 200, type: ScheduleView })
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(503, AWAY)
  async resume(@Param('id') id: string, @As() principal: Principal): Promise<ScheduleView> {
    return this.view(await this.schedules.resume(keyOf(id, principal)));
  }

  @Post(':id/run')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'runSchedule',
    summary: 'Enqueue an occurrence now',
    description: 'Whether it is paused, and whatever runs of it. The schedule goes on as it was.',
  })
  @ApiResponse({ status: 202, type: RunAnswer })
  @ApiProblem(400, 'It comes from a task enqueued by a task, five times in a row (`task_loop`).')
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(409, 'As many occurrences wait to become tasks as may (`too_many_waiting`).')
  @ApiProblem(503, AWAY)
  async run(
    @Param('id') id: string,
    @As() principal: Principal,
    @Headers(DEPTH) depth: string | undefined,
  ): Promise<RunAnswer> {
    const task_id = await this.schedules.runNow(keyOf(id, principal), readDepth(depth));
    return { status: 'enqueued', task_id };
  }

  @Get(':id/preview')
  @ApiOperation({ operationId: 'previewSchedule', summary: 'When a schedule fires next' })
  @ApiResponse({ status: 200, type: Preview })
  @ApiProblem(404, NOT_FOUND)
  @ApiProblem(503, AWAY)
  async preview(
    @Param('id') id: string,
    @Query() { count }: PreviewQuery,
    @As() principal: Principal,
  ): Promise<Preview> {
    const { definition } = await this.schedules.get(keyOf(id, principal));
    return previewOf(definition.timing, this.clock.now(), Number(count ?? DEFAULT_COUNT));
  }

  private view(schedule: Schedule): ScheduleView {
    return scheduleView(schedule, this.schedules.requestOf(schedule));
  }
}
