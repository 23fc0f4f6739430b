import {
  applyDecorators,
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { JudgedWithTheTask } from '../../clients/client-guard.js';
import { Config } from '../../config/config.js';
import { callOf, type EnqueueHeaders } from '../../enqueue/enqueue-headers.js';
import { Intake } from '../../enqueue/intake.js';
import { PaysForItself } from '../../http/ingress-guard.js';
import { As, type Principal } from '../../http/principal.js';
import { ProblemError } from '../../http/problem.js';
import { validated } from '../../http/validation.js';
import { DepthGauge } from '../../queue/gauges/depth-gauge.js';
import { TaskReader } from '../../queue/task-reader.js';
import { EnqueueRequest } from '../../task-request/enqueue.dto.js';
import { ANONYMOUS, isTaskId } from '../../task/task-id.js';
import { nextCursor, placeAt, POSITION } from '../../http/cursor.js';
import {
  FlaskCreated,
  FlaskError,
  FlaskListQuery,
  FlaskStats,
  FlaskTask,
  FlaskTaskList,
  FlaskTaskRequest,
} from './flask-worker.dto.js';
import { readRequest } from './read-request.js';
import { flaskTask } from './task-words.js';

const DEFAULT_LIMIT = 100;

/** What its routes have in common in the description of the API. */
const FlaskController = (path: string): ClassDecorator =>
  applyDecorators(Controller(path), ApiTags('Task Queue Worker'), ApiSecurity({}), ApiSecurity('client'));

const Refuses = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, type: FlaskError, description });

/** The API of Task Queue Worker (Flask), in front of the same tasks. */
@FlaskController('tasks')
export class FlaskTasksController {
  private readonly defaults: Partial<EnqueueRequest>;

  constructor(
    { dialects }: Config,
    private readonly intake: Intake,
    private readonly reader: TaskReader,
    private readonly depths: DepthGauge,
  ) {
    this.defaults = dialects.flaskMaxRetry >= 0 ? { max_retries: dialects.flaskMaxRetry } : {};
  }

  @Post()
  @HttpCode(201)
  @PaysForItself()
  @JudgedWithTheTask()
  @ApiOperation({ operationId: 'flaskCreateTask', summary: 'Create a task' })
  @ApiBody({ type: FlaskTaskRequest })
  @ApiResponse({ status: 201, type: FlaskCreated })
  @Refuses(400, 'The request breaks a rule, or nobody knows the type.')
  @Refuses(422, 'A property of an e-mail is no text.')
  async create(
    @Body() body: unknown,
    @Headers() headers: EnqueueHeaders,
    @As() principal: Principal,
  ): Promise<FlaskCreated> {
    const read = { ...this.defaults, ...readRequest(body) };
    const request = validated(
      EnqueueRequest,
      principal.kind === 'client' ? read : { client_id: ANONYMOUS, ...read },
    );
    const { receipt } = await this.intake.take(request, callOf(headers, principal));
    return { task_id: receipt.id, status: 'queued', message: 'Task created successfully' };
  }

  @Get()
  @ApiOperation({
    operationId: 'flaskListTasks',
    summary: 'The last tasks, 100 unless `limit` says otherwise',
  })
  @ApiResponse({ status: 200, type: FlaskTaskList })
  async list(@Query() { limit, cursor }: FlaskListQuery, @As() principal: Principal): Promise<FlaskTaskList> {
    const { tasks, next } = await this.reader.list({
      filter: principal.kind === 'client' ? { clientId: principal.clientId } : {},
      limit: Number(limit ?? DEFAULT_LIMIT),
      after: placeAt(cursor, POSITION),
    });
    return {
      tasks: tasks.map(flaskTask),
      count: tasks.length,
      ...(principal.kind !== 'client' && { total: sumOf(await this.depths.count()) }),
      next_cursor: nextCursor(next),
    };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'flaskGetTask', summary: 'The status of a task' })
  @ApiResponse({ status: 200, type: FlaskTask })
  @Refuses(404, 'There is no such task.')
  async find(@Param('id') id: string): Promise<FlaskTask> {
    const snapshot = isTaskId(id) ? await this.reader.find(id) : undefined;
    if (!snapshot) throw new ProblemError({ status: 404, code: 'task_not_found', detail: 'Task not found' });
    return flaskTask(snapshot);
  }
}

const WAITING: readonly string[] = ['wait', 'delayed'];

@FlaskController('queue')
export class FlaskQueueController {
  constructor(private readonly depths: DepthGauge) {}

  @Get('stats')
  @ApiOperation({ operationId: 'flaskQueueStats', summary: 'How many tasks wait, and how many there are' })
  @ApiResponse({ status: 200, type: FlaskStats })
  async stats(): Promise<FlaskStats> {
    const depths = await this.depths.count();
    const waiting = depths.filter(({ state }) => WAITING.includes(state));
    return { queue_length: sumOf(waiting), total_tasks: sumOf(depths) };
  }
}

function sumOf(depths: readonly { readonly tasks: number }[]): number {
  return depths.reduce((sum, { tasks }) => sum + tasks, 0);
}
