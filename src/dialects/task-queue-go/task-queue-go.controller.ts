import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { JudgedWithTheTask } from '../../clients/client-guard.js';
import { Config } from '../../config/config.js';
import { callOf, type EnqueueHeaders } from '../../enqueue/enqueue-headers.js';
import { Intake } from '../../enqueue/intake.js';
import { PaysForItself } from '../../http/ingress-guard.js';
import { As, type Principal } from '../../http/principal.js';
import { ProblemError } from '../../http/problem.js';
import { validated } from '../../http/validation.js';
import type { TaskSnapshot } from '../../queue/task-reader.js';
import { EnqueueRequest } from '../../task-request/enqueue.dto.js';
import { ANONYMOUS } from '../../task/task-id.js';
import { readRequest } from './read-request.js';
import { GoError, GoListQuery, GoTask, GoTaskRequest, GoTasks } from './task-queue-go.dto.js';
import { TaskDesk } from './task-desk.js';
import { goTask } from './task-words.js';

const Refuses = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, type: GoError, description });

/** The API of Task Queue Go, in front of the same tasks. */
@ApiTags('Task Queue Go')
@ApiSecurity({})
@ApiSecurity('client')
@ApiSecurity('client-header')
@Controller('api/v1/tasks')
export class TaskQueueGoController {
  private readonly maxRetries: number;

  constructor(
    { dialects }: Config,
    private readonly intake: Intake,
    private readonly desk: TaskDesk,
  ) {
    this.maxRetries = dialects.taskQueueMaxRetry;
  }

  @Post()
  @HttpCode(201)
  @PaysForItself()
  @JudgedWithTheTask()
  @ApiOperation({ operationId: 'goCreateTask', summary: 'Submit a task' })
  @ApiBody({ type: GoTaskRequest })
  @ApiResponse({ status: 201, type: GoTask })
  @Refuses(400, 'The request breaks a rule, or nobody knows the type.')
  @Refuses(429, 'Too many requests; Retry-After says when to try again.')
  @Refuses(503, 'There is no room, or the store is away; Retry-After says when to try again.')
  async create(
    @Body() body: unknown,
    @Headers() headers: EnqueueHeaders,
    @As() principal: Principal,
  ): Promise<GoTask> {
    const read = readRequest(body, this.maxRetries);
    const named = principal.kind === 'client' ? read : { client_id: ANONYMOUS, ...read };
    const { receipt } = await this.intake.take(validated(EnqueueRequest, named), callOf(headers, principal));
    return goTask(await this.desk.find(receipt.id));
  }

  @Get()
  @ApiOperation({ operationId: 'goListTasks', summary: 'How deep the queues are; with a filter, tasks' })
  @ApiResponse({ status: 200, type: GoTasks })
  list(@Query() query: GoListQuery, @As() principal: Principal): Promise<GoTasks> {
    const isFilter = Object.values(query).some((value) => value !== undefined);
    return isFilter ? this.desk.list(query, principal) : this.desk.depths(principal);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'goGetTask', summary: 'A task by its id' })
  @ApiResponse({ status: 200, type: GoTask })
  @Refuses(404, 'There is no such task.')
  async get(@Param('id') id: string): Promise<GoTask> {
    return goTask(await this.desk.find(id));
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'goCancelTask', summary: 'Cancel a task that does not run' })
  @ApiResponse({ status: 200, type: GoTask })
  @Refuses(404, 'There is no such task.')
  @Refuses(409, 'It runs, or has ended.')
  async cancel(@Param('id') id: string): Promise<GoTask> {
    const before: TaskSnapshot = await this.desk.find(id);
    if (before.state === 'running') throw notNow();
    const result = await this.desk.cancel(id);
    if (result === 'finished') throw notNow();
    return goTask(await this.desk.find(id));
  }
}

function notNow(): ProblemError {
  const detail = 'task cannot be canceled in current state';
  return new ProblemError({ status: 409, code: 'task_finished', detail });
}
