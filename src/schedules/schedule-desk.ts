import { Injectable } from '@nestjs/common';
import { ClientJudge } from '../clients/client-judge.js';
import { clientDisabled, otherClient } from '../clients/client-problems.js';
import { Config } from '../config/config.js';
import type { Principal } from '../http/principal.js';
import { invalidRequest } from '../http/problem.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import { enqueueRules, type EnqueueRules } from '../task-request/enqueue-rules.js';
import { callbackUrls } from '../task-request/read-callbacks.js';
import { isCall } from '../task/task.js';
import { TypeMappings } from '../type-mappings/type-mappings.js';
import { type Asked, readSchedule } from './read-schedule.js';
import type { ScheduleEdit, ScheduleRequest } from './schedule.dto.js';
import type { Definition } from './schedule.js';

/** What a request asks of a schedule, judged as a request to enqueue each of its tasks would be. */
@Injectable()
export class ScheduleDesk {
  private readonly rules: EnqueueRules;

  constructor(
    config: Config,
    private readonly judge: ClientJudge,
    private readonly queues: QueueRegistry,
    private readonly types: TypeMappings,
  ) {
    this.rules = enqueueRules(config);
  }

  /** @throws ProblemError when it names no client, or another one than that of its key */
  named(request: ScheduleRequest, principal: Principal): Asked {
    const named = request.client_id ?? '';
    const own = principal.kind === 'client' ? principal.clientId : named;
    if (named !== '' && named !== own) throw otherClient(own);
    if (own !== '') return Object.assign({}, request, { client_id: own });
    throw invalidRequest([
      { pointer: '/client_id', detail: 'is required; only an API key can say it instead' },
    ]);
  }

  /**
   * @param now Unix milliseconds
   * @throws ProblemError when it breaks a rule, or its client may not; QueueUnavailable
   */
  async read(
    asked: Asked,
    principal: Principal,
    now: number,
  ): Promise<Omit<Definition, 'request' | 'createdAt'>> {
    const [queue, type] = await Promise.all([
      this.queues.find(asked.queue ?? 'default'),
      this.types.know(asked.type),
    ]);
    const { definition, task } = readSchedule(asked, { now, rules: this.rules, queue, type });
    const at = asked.task ? '/task/url' : '/type';
    const urls = { ...(isCall(task.target) && { [at]: task.target.url }), ...callbackUrls(asked) };
    const client = await this.judge.clientOf({ clientId: asked.client_id, principal, urls });
    if (client?.record.enabled === false) throw clientDisabled();
    return definition;
  }
}

/**
 * A request with what is to be different about it. One way to say when it fires takes the place of the other, and so does a call
 * of a typed task.
 */
export function edited(before: Asked, edit: ScheduleEdit): Asked {
  const given = Object.entries(edit).filter(([, value]) => value !== undefined);
  return Object.assign({}, before, displacedBy(edit), Object.fromEntries(given));
}

/** What cannot stay beside what an edit says. */
function displacedBy({ cron, every, task, type }: ScheduleEdit): Partial<Asked> {
  return {
    ...(cron && { every: null }),
    ...(isGiven(every) && { cron: null }),
    ...(task && { type: null, payload: undefined }),
    ...(type && { task: null }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whether a request is the same as the one before, whatever the order of its members. */
export function isSame(one: Asked, other: Asked): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
