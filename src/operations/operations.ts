import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { auditLine } from '../audit/audit-line.js';
import type { Actor } from '../http/actor.js';
import { TaskReader } from '../queue/task-reader.js';
import { scopeOf } from './filter-work.js';
import { type Operation, type OperationSpec, SAMPLE } from './operation.js';
import { OperationRunner } from './operation-runner.js';
import { type Asked, OperationStore, type Seen } from './operation-store.js';
import { PurgeWork } from './purge-work.js';

const LOOK_EVERY_MS = 20;

/** What is done with many tasks at once: asked for here, worked on in the background. */
@Injectable()
export class Operations {
  constructor(
    private readonly store: OperationStore,
    private readonly runner: OperationRunner,
    private readonly reader: TaskReader,
    private readonly purges: PurgeWork,
  ) {}

  /**
   * @returns nothing when there are as many operations that are not over as may be
   * @throws QueueUnavailable
   */
  async begin(spec: OperationSpec): Promise<Operation | undefined> {
    const line = auditLine('operation.begin', targetOf(spec), spec.by)(undefined, told(spec));
    const id = await this.store.begin(spec, await this.foresee(spec), spec.isDryRun ? '' : line);
    if (id === undefined) return undefined;
    // At once, not when somebody comes by. Should this process die before, whoever comes by does it.
    if (spec.action === 'purge' && !spec.isDryRun) await this.purges.hide(id, spec);
    this.runner.look();
    return this.store.find(id);
  }

  /**
   * An operation once it is over, or as it is after so many milliseconds.
   *
   * @throws QueueUnavailable
   */
  async settled(operation: Operation, withinMs: number): Promise<Operation> {
    const until = performance.now() + withinMs;
    let current = operation;
    while (current.state === 'running' && performance.now() < until) {
      await sleep(LOOK_EVERY_MS);
      current = (await this.store.find(operation.id)) ?? current;
    }
    return current;
  }

  /** @throws QueueUnavailable */
  find(id: string): Promise<Operation | undefined> {
    return this.store.find(id);
  }

  /** Newest first. @throws QueueUnavailable */
  page(limit: number, after?: string): Promise<{ operations: Operation[]; next?: string }> {
    return this.store.page(limit, after);
  }

  /** Ends it between two tasks. @throws QueueUnavailable */
  cancel(id: string, by: Actor): Promise<Asked> {
    return this.want(id, 'cancel', auditLine('operation.cancel', `operation:${id}`, by)(undefined, {}));
  }

  /** Brings back what a purge has taken. @throws QueueUnavailable */
  async undo(id: string, by: Actor): Promise<Asked> {
    const operation = await this.store.find(id);
    if (operation) await this.purges.beforeUndo(operation, by);
    return this.want(id, 'undo', auditLine('operation.undo', `operation:${id}`, by)(undefined, {}));
  }

  private async want(id: string, what: 'cancel' | 'undo', line: string): Promise<Asked> {
    const asked = await this.store.want(id, what, line);
    if (asked === 'wanted') this.runner.look();
    return asked;
  }

  /** What is known before it begins. */
  private async foresee(spec: OperationSpec): Promise<Seen> {
    const filter = scopeOf(spec);
    const total = await this.reader.listLength(filter);
    if (spec.action !== 'purge') return { total };
    const { tasks } = await this.reader.list({ filter, limit: SAMPLE });
    return { total, sample: tasks.map(({ task }) => task.id) };
  }
}

function targetOf({ action, filter }: OperationSpec): string {
  if (action !== 'purge') return `tasks:${action}`;
  return filter.queue === undefined ? 'dlq' : `queue:${filter.queue}`;
}

function told({ action, asked, rate, dueAt }: OperationSpec): object {
  return { action, filter: asked, rate, ...(dueAt !== undefined && { dueAt }) };
}
