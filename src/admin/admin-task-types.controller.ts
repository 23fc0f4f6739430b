import { Body, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { type AuditAction, auditLine } from '../audit/audit-line.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition } from '../http/etag.js';
import { invalidRequest, ProblemError } from '../http/problem.js';
import { faultOfTypeName, readMapping } from '../task-types/read-mapping.js';
import { TASK_TYPES, type TaskType } from '../task-types/task-types.js';
import type { TypeMapping } from '../task-types/type-mapping.js';
import { type NamedMapping, TooManyMappings, TypeMappings } from '../type-mappings/type-mappings.js';
import { AdminController, AnswersWithEtag, Conditional, CreatesOrChanges } from './admin-api.js';
import { PutTaskTypeRequest, TaskTypeList, TaskTypeView } from './admin-task-types.dto.js';

@AdminController('task-types')
export class AdminTaskTypesController {
  constructor(private readonly mappings: TypeMappings) {}

  @Get()
  @ApiOperation({ operationId: 'listTaskTypes', summary: 'The types of tasks: built in, or mapped to a URL' })
  @ApiResponse({ status: 200, type: TaskTypeList })
  async list(): Promise<TaskTypeList> {
    const mapped = await this.mappings.all();
    return { task_types: [...[...TASK_TYPES.values()].map(builtInView), ...mapped.map(mappingView)] };
  }

  @Get(':type')
  @ApiOperation({ operationId: 'getTaskType', summary: 'One type of tasks' })
  @AnswersWithEtag(TaskTypeView)
  @ApiProblem(404, 'There is no such type.')
  async get(@Param('type') type: string): Promise<TaskTypeView> {
    const builtIn = TASK_TYPES.get(type);
    if (builtIn) return builtInView(builtIn);
    return mappingView(existing(await this.mappings.find(type)));
  }

  @Put(':type')
  @ApiOperation({
    operationId: 'putTaskType',
    summary: 'Map a type of tasks to a URL',
    description:
      'Tasks of this type call it, with their payload as JSON and the header X-Task-Type. Holds for tasks that are enqueued from now on; those that are stored call what they were enqueued for.',
  })
  @AnswersWithEtag(TaskTypeView)
  @CreatesOrChanges()
  @ApiProblem(400, 'The request breaks a rule, or no type that is mapped can have this name.')
  @ApiProblem(409, 'As many types are mapped as may be (`too_many_task_types`).')
  async put(
    @Param('type') type: string,
    @Body() request: PutTaskTypeRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<TaskTypeView> {
    requireName(type);
    const mapping = this.read(request);
    return mappingView(
      existing(
        await this.change(type, { action: 'task_type.put', by }, (current) => {
          precondition.require(current && mappingView(current));
          return mapping;
        }),
      ),
    );
  }

  @Delete(':type')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteTaskType',
    summary: 'Map a type of tasks to nothing',
    description: 'What the configuration says of it counts again. Tasks that are stored are not touched.',
  })
  @ApiResponse({ status: 204, description: 'It is not mapped any more, or as the configuration has it.' })
  @Conditional()
  @ApiProblem(404, 'No admin has mapped it.')
  async delete(
    @Param('type') type: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    await this.change(type, { action: 'task_type.delete', by }, (current) => {
      const mapping = existing(current?.source === 'admin' ? current : undefined);
      precondition.require(mappingView(mapping));
      return undefined;
    });
  }

  /** @throws ProblemError with every rule that it breaks */
  private read(request: PutTaskTypeRequest): TypeMapping {
    const given = Object.entries(request).filter(([, value]) => value !== null && value !== undefined);
    const read = readMapping(Object.fromEntries(given), this.mappings.rules);
    if ('faults' in read) throw invalidRequest(read.faults);
    return read.mapping;
  }

  private async change(
    type: string,
    { action, by }: Asked,
    change: (current: NamedMapping | undefined) => TypeMapping | undefined,
  ): Promise<NamedMapping | undefined> {
    try {
      return await this.mappings.change(type, change, auditLine(action, `task_type:${type}`, by));
    } catch (error) {
      if (!(error instanceof TooManyMappings)) throw error;
      const detail = 'As many types are mapped as may be. Delete one that nobody needs.';
      throw new ProblemError({ status: 409, code: 'too_many_task_types', detail });
    }
  }
}

interface Asked {
  readonly action: AuditAction;
  readonly by: Actor;
}

function requireName(type: string): void {
  const fault = faultOfTypeName(type);
  if (fault === undefined) return;
  const detail = `The type ${JSON.stringify(type.slice(0, 80))} ${fault}.`;
  throw new ProblemError({ status: 400, code: 'invalid_task_type', detail });
}

function existing(mapping: NamedMapping | undefined): NamedMapping {
  if (mapping) return mapping;
  const detail = 'There is no such type of tasks. PUT /admin/task-types/{type} maps one to a URL.';
  throw new ProblemError({ status: 404, code: 'task_type_not_found', detail });
}

function builtInView({ name, about, payload }: TaskType): TaskTypeView {
  return { type: name, source: 'built_in', about, payload_schema: payload };
}

function mappingView({ type, source, url, method, headers, timeoutMs, payload }: NamedMapping): TaskTypeView {
  return {
    type,
    source,
    url,
    method,
    headers: Object.keys(headers),
    ...(timeoutMs !== undefined && { timeout: timeoutMs / 1000 }),
    ...(payload && { payload_schema: payload }),
  };
}
