import { Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { otherClient } from '../clients/client-problems.js';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { readPageLimit } from '../http/page-limit.js';
import { As, type Principal } from '../http/principal.js';
import type { TaskFilter } from '../queue/search/task-list.js';
import { TaskReader } from '../queue/task-reader.js';
import { placeAt, POSITION } from '../http/cursor.js';
import { readFilter } from './read-filter.js';
import { ListTasksQuery } from './task-filter.dto.js';
import { TaskList } from './task-summary.dto.js';
import { taskListView } from './task-summary.js';

@ClientController('v1/tasks')
export class ListController {
  constructor(private readonly reader: TaskReader) {}

  @Get()
  @ApiOperation({
    operationId: 'listTasks',
    summary: 'The tasks there are, newest first',
    description:
      'With the key of a client only its own. A filter is applied to a window of some thousand tasks, which the answer names: `next_cursor` goes on behind it.',
  })
  @ApiResponse({ status: 200, type: TaskList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async list(@Query() query: ListTasksQuery, @As() principal: Principal): Promise<TaskList> {
    const { limit, cursor } = query;
    const page = await this.reader.list({
      filter: ofPrincipal(readFilter(query), principal),
      limit: readPageLimit(limit),
      after: placeAt(cursor, POSITION),
    });
    return taskListView(page);
  }
}

/** @throws ProblemError when a client asks for the tasks of another one */
function ofPrincipal(filter: TaskFilter, principal: Principal): TaskFilter {
  if (principal.kind !== 'client') return filter;
  const { clientId } = principal;
  if (filter.clientId !== undefined && filter.clientId !== clientId) throw otherClient(clientId);
  return { ...filter, clientId };
}
