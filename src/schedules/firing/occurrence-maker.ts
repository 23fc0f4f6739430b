import { Injectable } from '@nestjs/common';
import type { Client } from '../../clients/client.js';
import { ClientDirectory } from '../../clients/client-directory.js';
import { destinationRefusal } from '../../clients/destination-refusal.js';
import { requiresKey } from '../../clients/requires-key.js';
import { Config } from '../../config/config.js';
import { type AddResult, isAccepted, type Refusal } from '../../queue/admission/admission.js';
import { UNRECORDED } from '../../queue/admission/admission-rules.js';
import { OwnTasks } from '../../queue/store/own-tasks.js';
import { isCall, type Task } from '../../task/task.js';
import { callbackUrls } from '../../task-request/read-callbacks.js';
import { enqueueRules, type EnqueueRules } from '../../task-request/enqueue-rules.js';
import { occurrenceOf } from '../read-schedule.js';
import type { Schedule, SkipReason } from '../schedule.js';
import { OccurrenceSources } from './surroundings.js';

/** How often a task is offered anew because its client was changed meanwhile. */
const MOST_TRIES = 5;
/** After how long what could not be stored is offered again. */
const AGAIN_MS = 5000;
/** The same of what is beyond the requests of its client: many may wait so, and others are not to wait behind them. */
const LIMITED_AGAIN_MS = 10_000;

/** What has become of an occurrence. */
export type Fired =
  | { readonly kind: 'fired'; readonly isNew: boolean }
  | { readonly kind: 'again'; readonly afterMs: number; readonly unlessLate?: SkipReason }
  | { readonly kind: 'skipped'; readonly reason: SkipReason };

/** An occurrence that is to become a task. */
export interface Occurrence {
  /** Of the task. */
  readonly id: string;
  /** When it was to fire, Unix milliseconds. */
  readonly at: number;
  /** How many tasks in a row led to it. */
  readonly depth: number;
}

/** Makes tasks out of occurrences: they are held to what holds for a request of their client. */
@Injectable()
export class OccurrenceMaker {
  private readonly rules: EnqueueRules;
  private readonly requiresKey: boolean;

  constructor(
    config: Config,
    private readonly tasks: OwnTasks,
    private readonly clients: ClientDirectory,
    private readonly around: OccurrenceSources,
  ) {
    this.rules = enqueueRules(config);
    this.requiresKey = requiresKey(config);
  }

  /**
   * @param now Unix milliseconds
   * @throws QueueUnavailable when it has to be tried again
   */
  async fire(schedule: Schedule, { id, at, depth }: Occurrence, now: number): Promise<Fired> {
    const request = this.around.secrets.open(schedule.definition.request, schedule.key);
    if (!request) return { kind: 'again', afterMs: 60_000, unlessLate: 'encryption_key_missing' };
    const queue = await this.around.queues.find(request.queue ?? 'default');
    const type = await this.around.types.know(request.type);
    const made = occurrenceOf(request, { now, rules: this.rules, queue, type });
    if ('errors' in made) return { kind: 'skipped', reason: 'invalid' };
    const { target } = made.task;
    const urls = { ...(isCall(target) && { '/task/url': target.url }), ...callbackUrls(request) };
    const origin = { scheduleId: schedule.key, ...(depth > 0 && { depth }) };
    return firedBy(await this.add({ ...made.task, id, scheduledAt: at, ...origin }, urls));
  }

  /** @param urls what it is to call */
  private async add(task: Task, urls: Urls): Promise<AddResult | Unwanted> {
    for (let tries = 1; ; tries++) {
      const client = await this.clientOf(task, urls);
      if (typeof client === 'string') return client;
      const result = await this.tasks.add(task, { version: client?.version ?? UNRECORDED });
      if (result.kind !== 'stale' || tries === MOST_TRIES) return result;
      this.clients.forget(task.clientId);
    }
  }

  /** The client as it is known here, which may be old: what speaks against it is said only after a look at the store. */
  private async clientOf({ clientId }: Task, urls: Urls): Promise<Client | undefined | Unwanted> {
    const known = await this.clients.enrolled(clientId);
    if (!this.faultOf(known, urls)) return known;
    const fresh = await this.clients.fresh(clientId);
    return this.faultOf(fresh, urls) ?? fresh;
  }

  private faultOf(client: Client | undefined, urls: Urls): Unwanted | undefined {
    if (!client) return this.requiresKey ? 'client_deleted' : undefined;
    return destinationRefusal(client, urls) && 'invalid';
  }
}

type Urls = Readonly<Record<string, string>>;

/** What speaks against an occurrence before the store is asked. */
type Unwanted = 'client_deleted' | 'invalid';

/** What comes of another answer of the store than that it has the task. */
const REFUSALS: Readonly<Record<Exclude<Refusal['kind'], 'rate_limited'>, Fired>> = {
  disabled: { kind: 'skipped', reason: 'client_disabled' },
  full: { kind: 'again', afterMs: AGAIN_MS, unlessLate: 'full' },
  stale: { kind: 'again', afterMs: AGAIN_MS },
  conflict: { kind: 'again', afterMs: AGAIN_MS },
  throttled: { kind: 'again', afterMs: AGAIN_MS },
  skipped: { kind: 'again', afterMs: AGAIN_MS },
};

function firedBy(result: AddResult | Unwanted): Fired {
  if (typeof result === 'string') return { kind: 'skipped', reason: result };
  if (isAccepted(result)) return { kind: 'fired', isNew: result.kind === 'added' };
  if (result.kind !== 'rate_limited') return REFUSALS[result.kind];
  return {
    kind: 'again',
    afterMs: Math.max(LIMITED_AGAIN_MS, result.quota.resetMs),
    unlessLate: 'rate_limited',
  };
}
