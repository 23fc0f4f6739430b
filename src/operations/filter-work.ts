import { Injectable } from '@nestjs/common';
import type { TaskFilter } from '../queue/search/task-list.js';
import { TaskQueue } from '../queue/task-queue.js';
import { TaskReader, type TaskPage, type TaskSnapshot } from '../queue/task-reader.js';
import { Clock } from '../time/clock.js';
import { Canary, isWell } from './canary.js';
import { type ChosenCanary, type Operation, type OperationSpec, SAMPLE, STATES_OF } from './operation.js';
import { type Progress, skippedFields } from './operation-record.js';
import type { Onward } from './operation-store.js';
import { act, isDone, type SkipCode } from './task-actions.js';

/** What has come of one piece of work on an operation. */
export interface Step {
  readonly progress: Progress;
  readonly onward: Onward;
  /** How many tasks were dealt with: what the rate counts. */
  readonly acted: number;
  /** With how many of them something was done; the scripts that did it have counted that. */
  readonly done?: number;
}

/** So many are dealt with side by side: enough not to wait for each round trip. */
const SIDE_BY_SIDE = 16;
const MOST_AT_ONCE = 100;
const COUNTED_AT_ONCE = 500;
const LOOK_AGAIN_MS = 250;
/** Behind the last task. */
const AT_END = 'end';

/** Operations on what a filter fits: page by page, newest first. What is stored after the first page was read is not among it. */
@Injectable()
export class FilterWork {
  constructor(
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
    private readonly canary: Canary,
    private readonly clock: Clock,
  ) {}

  async step(operation: Operation): Promise<Step> {
    const { spec } = operation;
    if (sendsCanary(spec)) {
      if (!operation.canary) return this.chooseCanary(operation);
      if (operation.canary.state !== 'completed') return this.lookAtCanary(operation, operation.canary);
    }
    return this.next(operation);
  }

  private async next(operation: Operation): Promise<Step> {
    const { spec, cursor } = operation;
    if (cursor === AT_END) return over('done');
    const page = await this.page(operation, mostAtOnce(spec));
    const codes = spec.isDryRun ? [] : await this.actAll(operation, page.tasks);
    const skipped = codes.filter((code) => code !== undefined);
    const matched = spec.isDryRun ? page.tasks.length : skipped.length;
    const isLast = page.next === undefined;
    return {
      progress: {
        set: { ...seen(operation, page), ...(isLast && { state: 'done' }) },
        add: { looked: page.window.scanned, matched, ...skippedFields(skipped) },
      },
      onward: isLast ? 'end' : 'go',
      acted: codes.length,
      done: codes.length - skipped.length,
    };
  }

  private page({ spec, cursor }: Operation, limit: number): Promise<TaskPage> {
    return this.reader.list({ filter: scopeOf(spec), limit, after: cursor === '' ? undefined : cursor });
  }

  private async actAll(operation: Operation, tasks: readonly TaskSnapshot[]): Promise<SkipCode[]> {
    const codes: SkipCode[] = [];
    const left = tasks.filter((snapshot) => !isDone(operation.spec, snapshot));
    for (let at = 0; at < left.length; at += SIDE_BY_SIDE) {
      const now = this.clock.now();
      const some = left.slice(at, at + SIDE_BY_SIDE);
      codes.push(
        ...(await Promise.all(some.map((snapshot) => act(this.queue, { operation, snapshot, now })))),
      );
    }
    return codes;
  }

  private async chooseCanary(operation: Operation): Promise<Step> {
    if (operation.cursor === AT_END) return over('done');
    const page = await this.page(operation, 1);
    const [first] = page.tasks;
    if (!first && page.next === undefined) return over('done', page);
    const chosen = first && { canary: first.task.id, canaryDied: first.finishedAt ?? 0 };
    return go({ set: { ...seen(operation, page), ...chosen }, add: counted(page) });
  }

  private async lookAtCanary(operation: Operation, canary: ChosenCanary): Promise<Step> {
    const look = await this.canary.look(canary);
    // It cannot be retried: the next one is chosen.
    if ('refused' in look) return go({ set: { canary: '' }, add: skippedFields([look.refused]) });
    const set = { canaryState: look.state };
    const wasWell = isWell(look.state);
    if (wasWell === undefined) return { progress: { set }, onward: { waitMs: LOOK_AGAIN_MS }, acted: 0 };
    if (wasWell) return go({ set, add: { done: 1 } });
    const left = Math.max(0, operation.total - operation.looked);
    const add = { done: 1, 'skip:canary_failed': left };
    return { progress: { set: { ...set, state: 'halted' }, add }, onward: 'end', acted: 0 };
  }
}

/** The tasks with which the action does anything, of those that are meant. */
export function scopeOf({ action, filter }: OperationSpec): TaskFilter {
  const isOfDead = action === 'retry' || filter.state === 'dead_letter';
  if (isOfDead) return { ...filter, state: undefined, dead: filter.dead ?? {} };
  return filter.state === undefined && !filter.dead ? { ...filter, states: STATES_OF[action] } : filter;
}

function sendsCanary({ action, filter, isDryRun }: OperationSpec): boolean {
  return action === 'retry' && !isDryRun && filter.dead?.fingerprint !== undefined;
}

/** Half a second of work at most, so that a rate is kept to and whoever asks to end it is heard. */
function mostAtOnce({ isDryRun, rate }: OperationSpec): number {
  return isDryRun ? COUNTED_AT_ONCE : Math.min(MOST_AT_ONCE, Math.max(1, Math.floor(rate / 2)));
}

function seen({ sample }: Operation, { tasks, next }: TaskPage): Record<string, string> {
  const ids = [...sample, ...tasks.slice(0, SAMPLE).map(({ task }) => task.id)].slice(0, SAMPLE);
  const isMore = ids.length > sample.length;
  return { cursor: next ?? AT_END, ...(isMore && { sample: JSON.stringify(ids) }) };
}

function counted({ tasks, window }: TaskPage): Record<string, number> {
  return { looked: window.scanned, matched: tasks.length };
}

function go(progress: Progress): Step {
  return { progress, onward: 'go', acted: 0 };
}

function over(state: 'done', page?: TaskPage): Step {
  return { progress: { set: { state }, ...(page && { add: counted(page) }) }, onward: 'end', acted: 0 };
}
