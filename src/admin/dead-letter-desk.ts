import { Injectable } from '@nestjs/common';
import { auditLine } from '../audit/audit-line.js';
import { fullProblem } from '../enqueue/refusal-problem.js';
import type { Actor } from '../http/actor.js';
import { invalidRequest, ProblemError } from '../http/problem.js';
import { type Retried, TaskQueue } from '../queue/task-queue.js';
import { TaskReader } from '../queue/task-reader.js';
import { isTaskId } from '../task/task-id.js';
import { cursorOf, placeAt } from '../tracking/cursor.js';
import { readFilter } from '../tracking/read-filter.js';
import { notADeadLetter, taskExpired, taskNotFound } from '../tracking/task-problems.js';
import { taskView } from '../tracking/task-view.js';
import type { TaskView } from '../tracking/task-view.dto.js';
import type { DeadLetterResult, RetryDeadLettersRequest } from './admin-dlq.dto.js';
import { AuditLog } from './audit-log.js';

/** A place in the order in which tasks died. */
export const POSITION = /^\d{1,15}-\d{1,15}$/;
const MOST_AT_ONCE = 1000;
/** So many are retried side by side: enough not to wait for each round trip. */
const SIDE_BY_SIDE = 16;
const SAMPLE = 10;

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
    const problem = problemOf(isTaskId(id) ? await this.queue.retry(id, line) : 'unknown');
    if (problem) throw problem;
    const snapshot = await this.reader.find(id);
    if (!snapshot) throw taskNotFound();
    return taskView(snapshot);
  }

  async retrySome(request: RetryDeadLettersRequest, by: Actor): Promise<DeadLetterResult> {
    requireOneChoice(request);
    const { ids, next } = await this.choose(request);
    const isDryRun = request.dry_run === true;
    const told = {
      dry_run: isDryRun,
      matched: ids.length,
      sample: ids.slice(0, SAMPLE),
      next_cursor: next === undefined ? null : cursorOf(next),
    };
    if (isDryRun || ids.length === 0) return { ...told, done: 0, skipped: {} };
    await this.log.write(auditLine('dead_letter.retry', 'dlq', by)(undefined, asked(request, ids.length)));
    const problems = await this.retryAll(ids);
    return {
      ...told,
      done: ids.length - problems.length,
      skipped: counted(problems.map(({ code }) => code)),
    };
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

  /** @returns why some were not */
  private async retryAll(ids: readonly string[]): Promise<{ code: string }[]> {
    const problems: { code: string }[] = [];
    for (let at = 0; at < ids.length; at += SIDE_BY_SIDE) {
      const some = ids
        .slice(at, at + SIDE_BY_SIDE)
        .map(async (id) => (isTaskId(id) ? this.queue.retry(id) : 'unknown'));
      for (const result of await Promise.all(some)) {
        const problem = problemOf(result);
        if (problem) problems.push(problem.init);
      }
    }
    return problems;
  }
}

/** What the audit log says of it. */
function asked(request: RetryDeadLettersRequest, matched: number): object {
  return { ...Object.fromEntries(CHOICES.map((name) => [name, request[name]])), matched };
}

/** Why it was not retried; nothing when it was. */
function problemOf(result: Retried): ProblemError | undefined {
  if (result === 'retried') return undefined;
  if (result === 'unknown') return taskNotFound();
  if (result === 'not_dead') return notADeadLetter();
  return result === 'too_late' ? taskExpired() : new ProblemError(fullProblem(result.what));
}

function counted(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

function requireOneChoice(request: RetryDeadLettersRequest): void {
  const made = CHOICES.filter((name) => (request[name] ?? undefined) !== undefined);
  if (made.length === 1) return;
  const detail = `must have one of ${CHOICES.join(', ')}`;
  throw invalidRequest([{ pointer: '', detail }]);
}
