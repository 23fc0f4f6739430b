import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { auditLine } from '../audit/audit-line.js';
import type { Actor } from '../http/actor.js';
import { invalidRequest, type ProblemError } from '../http/problem.js';
import { type RetryHow, TaskQueue } from '../queue/task-queue.js';
import { TaskReader } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { isFinal, type TaskState } from '../task/task-state.js';
import { nextCursor, placeAt, POSITION } from '../http/cursor.js';
import { readFilter, saysNothing } from '../tracking/read-filter.js';
import { notADeadLetter, taskNotFound } from '../tracking/task-problems.js';
import { taskView } from '../tracking/task-view.js';
import type { TaskView } from '../tracking/task-view.dto.js';
import type { DeadLetterResult, RetryDeadLettersRequest } from './admin-dlq.dto.js';
import { AuditLog } from './audit-log.js';
import { isPaced, PacedRetries } from './paced-retries.js';
import { retryProblem } from './retry-problem.js';

const MOST_AT_ONCE = 1000;
/** So many are retried side by side: enough not to wait for each round trip. */
const SIDE_BY_SIDE = 16;
const SAMPLE = 10;
/** How long a request waits for the canary: less than clients and proxies wait for an answer. */
const CANARY_MS = 20_000;
const LOOK_EVERY_MS = 100;

const CHOICES = ['task_id', 'task_ids', 'retry_all', 'filter'] as const;

/** Those that are meant, and where to go on. */
interface Chosen {
  readonly ids: readonly string[];
  readonly next?: string;
}

/** What admins do with dead letters. */
@Injectable()
export class DeadLetterDesk {
  constructor(
    private readonly reader: TaskReader,
    private readonly queue: TaskQueue,
    private readonly log: AuditLog,
    private readonly paced: PacedRetries,
  ) {}

  async find(id: string): Promise<TaskView> {
    const snapshot = isTaskId(id) ? await this.reader.find(id) : undefined;
    if (!snapshot) throw taskNotFound();
    if (snapshot.state !== 'dead_letter') throw notADeadLetter();
    return taskView(snapshot);
  }

  async delete(id: string, by: Actor): Promise<void> {
    const line = auditLine('dead_letter.delete', `task:${id}`, by)({ state: 'dead_letter' }, undefined);
    const result = isTaskId(id) ? await this.queue.deleteDeadLetter(id, line) : 'unknown';
    if (result === 'unknown') throw taskNotFound();
    if (result === 'not_dead') throw notADeadLetter();
  }

  async retry(id: string, by: Actor): Promise<TaskView> {
    const line = auditLine(
      'dead_letter.retry',
      `task:${id}`,
      by,
    )({ state: 'dead_letter' }, { state: 'pending' });
    const problem = retryProblem(isTaskId(id) ? await this.queue.retry(id, { audited: line }) : 'unknown');
    if (problem) throw problem;
    return this.view(id);
  }

  private async view(id: string): Promise<TaskView> {
    const snapshot = await this.reader.find(id);
    if (!snapshot) throw taskNotFound();
    return taskView(snapshot);
  }

  retrySome(request: RetryDeadLettersRequest, by: Actor): Promise<DeadLetterResult> {
    requireOneChoice(request);
    return isPaced(request) ? this.paced.begin(request, by) : this.retryNow(request, by);
  }

  private async retryNow(request: RetryDeadLettersRequest, by: Actor): Promise<DeadLetterResult> {
    const isDryRun = request.dry_run === true;
    const { ids, next } = await this.choose(request);
    const told = {
      dry_run: isDryRun,
      matched: ids.length,
      sample: ids.slice(0, SAMPLE),
      next_cursor: nextCursor(next),
    };
    if (isDryRun || ids.length === 0) return { ...told, done: 0, skipped: {} };
    await this.log.write(auditLine('dead_letter.retry', 'dlq', by)(undefined, asked(request, ids.length)));
    const isGroup = (request.filter?.fingerprint ?? undefined) !== undefined;
    return { ...told, ...(isGroup ? await this.redriveGroup(ids) : await this.retryAll(ids)) };
  }

  private async choose({ task_id, task_ids, filter, cursor }: RetryDeadLettersRequest): Promise<Chosen> {
    const named = task_id ? [task_id] : task_ids;
    if (named) return { ids: [...new Set(named)] };
    const page = await this.reader.list({
      filter: {
        ...readFilter(filter ?? {}, '/filter'),
        dead: { fingerprint: filter?.fingerprint ?? undefined },
      },
      limit: MOST_AT_ONCE,
      after: placeAt(cursor, POSITION),
    });
    return {
      ids: page.tasks.map(({ task }) => task.id),
      ...(page.next !== undefined && { next: page.next }),
    };
  }

  private async retryAll(ids: readonly string[]): Promise<Redriven> {
    const codes: string[] = [];
    for (let at = 0; at < ids.length; at += SIDE_BY_SIDE) {
      const some = ids.slice(at, at + SIDE_BY_SIDE).map((id) => this.tryRetry(id));
      for (const code of await Promise.all(some)) if (code !== undefined) codes.push(code);
    }
    return { done: ids.length - codes.length, skipped: counted(codes) };
  }

  /** What all died of may be there still: one goes first, with one attempt, and the others only when it comes back well. */
  private async redriveGroup(ids: readonly string[]): Promise<Redriven> {
    const codes: string[] = [];
    for (const [at, id] of ids.entries()) {
      const code = await this.tryRetry(id, { isCanary: true });
      if (code === undefined) {
        const { canary, done, skipped } = await this.afterCanary(id, ids.slice(at + 1));
        return { canary, done, skipped: added(counted(codes), skipped) };
      }
      codes.push(code);
    }
    return { done: 0, skipped: counted(codes) };
  }

  private async afterCanary(id: string, rest: readonly string[]): Promise<Required<Redriven>> {
    const state = await this.outcomeOf(id);
    const { done, skipped } =
      state === 'completed' ? await this.retryAll(rest) : { done: 0, skipped: heldBack(state, rest.length) };
    return { canary: { task_id: id, state }, done: done + 1, skipped };
  }

  /** @returns the code of why not */
  private async tryRetry(id: string, how?: RetryHow): Promise<string | undefined> {
    return retryProblem(isTaskId(id) ? await this.queue.retry(id, how) : 'unknown')?.init.code;
  }

  /** The state that a task comes to, or is in when that takes too long. */
  private async outcomeOf(id: string): Promise<TaskState> {
    for (let waited = 0; ; waited += LOOK_EVERY_MS) {
      const state = (await this.reader.find(id))?.state ?? 'cancelled';
      if (isFinal(state) || waited >= CANARY_MS) return state;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

type Redriven = Pick<DeadLetterResult, 'done' | 'skipped' | 'canary'>;

function heldBack(state: TaskState, count: number): Record<string, number> {
  if (count === 0) return {};
  return { [isFinal(state) ? 'canary_failed' : 'canary_not_done']: count };
}

function added(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  const sum = { ...one };
  for (const [code, count] of Object.entries(other)) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}

/** What the audit log says of it. */
function asked(request: RetryDeadLettersRequest, matched: number): object {
  return { ...Object.fromEntries(CHOICES.map((name) => [name, request[name]])), matched };
}

function counted(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

function requireOneChoice(request: RetryDeadLettersRequest): void {
  const made = CHOICES.filter((name) => (request[name] ?? undefined) !== undefined);
  if (request.filter && saysNothing(request.filter)) throw emptyFilter();
  if (made.length === 1) return;
  const detail = `must have one of ${CHOICES.join(', ')}`;
  throw invalidRequest([{ pointer: '', detail }]);
}

/** A filter that a script has emptied must not mean everything, and that without a canary. */
function emptyFilter(): ProblemError {
  const detail = 'must say which dead letters are meant; retry_all means every one';
  return invalidRequest([{ pointer: '/filter', detail }]);
}
