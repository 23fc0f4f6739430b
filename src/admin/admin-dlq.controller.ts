import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { DeadLetterGroups, type DeadLetterGroup } from '../queue/dead-letters/dead-letter-groups.js';
import { TaskReader } from '../queue/task-reader.js';
import { formatTime } from '../time/rfc3339.js';
import { placeAt, POSITION } from '../http/cursor.js';
import { readFilter } from '../tracking/read-filter.js';
import { deadLetterListView } from '../tracking/task-summary.js';
import { TaskView } from '../tracking/task-view.dto.js';
import { AdminController } from './admin-api.js';
import {
  DeadLetterGroupList,
  type DeadLetterGroupView,
  DeadLetterList,
  DeadLetterResult,
  EditDeadLetterRequest,
  ListDeadLettersQuery,
  RetryDeadLettersRequest,
} from './admin-dlq.dto.js';
import { DeadLetterEditor } from './dead-letter-editor.js';
import { DeadLetterDesk } from './dead-letter-desk.js';

const DEFAULT_LIMIT = 50;

@AdminController('dlq')
export class AdminDlqController {
  constructor(
    private readonly reader: TaskReader,
    private readonly groups: DeadLetterGroups,
    private readonly editor: DeadLetterEditor,
    private readonly desk: DeadLetterDesk,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listDeadLetters',
    summary: 'The dead letters, that which died last first',
    description:
      'Filters and window as in `GET /v1/tasks`; the times of the window are those at which they died.',
  })
  @ApiResponse({ status: 200, type: DeadLetterList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() query: ListDeadLettersQuery): Promise<DeadLetterList> {
    const { limit, cursor, fingerprint } = query;
    const page = await this.reader.list({
      filter: { ...readFilter(query), dead: { fingerprint: fingerprint ?? undefined } },
      limit: Number(limit ?? DEFAULT_LIMIT),
      after: placeAt(cursor, POSITION),
    });
    return deadLetterListView(page);
  }

  @Get('groups')
  @ApiOperation({
    operationId: 'listDeadLetterGroups',
    summary: 'What the dead letters died of',
    description:
      'A group has what died of the same (status or code, and words without numbers and ids) at the same host. That which grew last is first. There are 1,000 groups at most; what comes then is in group `other`.',
  })
  @ApiResponse({ status: 200, type: DeadLetterGroupList })
  async listGroups(): Promise<DeadLetterGroupList> {
    return { groups: (await this.groups.all()).map(groupView) };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getDeadLetter', summary: 'A dead letter with all its attempts' })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(404, 'No such task.')
  @ApiProblem(409, 'It is no dead letter (`not_a_dead_letter`).')
  get(@Param('id') id: string): Promise<TaskView> {
    return this.desk.find(id);
  }

  @Patch(':id')
  @ApiOperation({
    operationId: 'editDeadLetter',
    summary: 'Edit a dead letter, and retry it',
    description:
      'What is absent stays. All or nothing: with `retry` and no room for it, or when it has expired, nothing is changed. Its attempts stay on record, and so does its group.',
  })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(400, 'The edit breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'No such task.')
  @ApiProblem(
    409,
    'It is no dead letter (`not_a_dead_letter`), has expired (`task_expired`: send `ttl` or `expires_at`), its call cannot be decrypted (`task_sealed`), it is damaged (`task_unreadable`), or others edit it at the same time (`task_changed`).',
  )
  edit(@Param('id') id: string, @Body() request: EditDeadLetterRequest, @By() by: Actor): Promise<TaskView> {
    return this.editor.edit(id, request, by);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteDeadLetter', summary: 'Remove a dead letter for good' })
  @ApiResponse({ status: 204, description: 'It is gone.' })
  @ApiProblem(404, 'No such task.')
  @ApiProblem(409, 'It is no dead letter (`not_a_dead_letter`).')
  delete(@Param('id') id: string, @By() by: Actor): Promise<void> {
    return this.desk.delete(id, by);
  }

  @Post('retry')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'retryDeadLetters',
    summary: 'Retry one, some, all dead letters, or those that fit a filter',
    description:
      'Up to 1,000 with one request, that which died last first; `next_cursor` goes on. Each is due at once, has all its attempts again, needs room as a new task does, and asks the gates like every task. `dry_run` counts first. With a `rate` all are retried in the background. With a `fingerprint` one is sent first, with one attempt: when it does not come back well within 20 s, the others stay (`canary_failed`, `canary_not_done`).',
  })
  @ApiResponse({ status: 200, type: DeadLetterResult })
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  retry(@Body() request: RetryDeadLettersRequest, @By() by: Actor): Promise<DeadLetterResult> {
    return this.desk.retrySome(request, by);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ operationId: 'retryDeadLetter', summary: 'Retry a dead letter' })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(404, 'No such task.')
  @ApiProblem(409, 'It is no dead letter (`not_a_dead_letter`), or has expired (`task_expired`).')
  retryOne(@Param('id') id: string, @By() by: Actor): Promise<TaskView> {
    return this.desk.retry(id, by);
  }
}

@AdminController('tasks')
export class AdminTasksController {
  constructor(private readonly desk: DeadLetterDesk) {}

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ operationId: 'retryTaskAsAdmin', summary: 'Retry a dead letter' })
  @ApiResponse({ status: 200, type: TaskView })
  @ApiProblem(404, 'No such task.')
  @ApiProblem(409, 'It is no dead letter (`not_a_dead_letter`), or has expired (`task_expired`).')
  retry(@Param('id') id: string, @By() by: Actor): Promise<TaskView> {
    return this.desk.retry(id, by);
  }
}

function groupView({ host, firstAt, lastAt, ...group }: DeadLetterGroup): DeadLetterGroupView {
  return {
    ...group,
    host: host === '' ? null : host,
    first_seen: formatTime(firstAt),
    last_seen: formatTime(lastAt),
  };
}
