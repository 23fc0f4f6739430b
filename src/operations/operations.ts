import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { auditLine } from '../audit/audit-line.js';
import type { Actor } from '../http/actor.js';
import { TaskReader } from '../queue/task-reader.js';
import { scopeOf } from './filter-work.js';
import type { Operation, OperationSpec } from './operation.js';
import { OperationNews } from './operation-news.js';
import { OperationRunner } from './operation-runner.js';
import { type Asked, OperationStore } from './operation-store.js';

const LOOK_EVERY_MS = 20;

/** What is done with many tasks at once: asked for here, worked on in the background. */
@Injectable()
export class Operations {
  constructor(
    private readonly store: OperationStore,
    private readonly runner: OperationRunner,
    private readonly reader: TaskReader,
    private readonly news: OperationNews,
  ) {}

  /**
   * @returns nothing when there are as many operations that are not over as may be
   * @throws QueueUnavailable
   */
  async begin(spec: OperationSpec): Promise<Operation | undefined> {
    const total = await this.reader.listLength(scopeOf(spec));
    const line = spec.isDryRun
      ? ''
      : auditLine('operation.begin', targetOf(spec), spec.by)(undefined, told(spec));
    const id = await this.store.begin(spec, total, line);
    if (id === undefined) return undefined;
    this.runner.look();
    const operation = await this.store.find(id);
    if (operation && !spec.isDryRun) this.news.begun(operation);
    return operation;
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
  async cancel(id: string, by: Actor): Promise<Asked> {
    const line = auditLine(
      'operation.cancel',
      `operation:${id}`,
      by,
    )({ state: 'running' }, { state: 'cancelled' });
    const asked = await this.store.want(id, 'cancel', line);
    if (asked === 'wanted') this.runner.look();
    return asked;
  }
}

function targetOf({ action }: OperationSpec): string {
  return `tasks:${action}`;
}

function told({ action, asked, rate, dueAt }: OperationSpec): object {
  return { action, filter: asked, rate, ...(dueAt !== undefined && { dueAt }) };
}
