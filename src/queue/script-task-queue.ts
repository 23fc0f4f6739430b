import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PREFIX } from '../redis/keys.js';
import type { LuaScript } from '../redis/lua-script.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { isUnavailable } from '../redis/unavailable.js';
import { isFinal, type TaskState } from '../task/task-state.js';
import type { Task } from '../task/task.js';
import { AddBatches } from './add-batches.js';
import { MAX_TASK_AGE_MS, stepSettings } from './queue-rules.js';
import { scripts } from './scripts.js';
import { gatesOf, storedAs } from './stored-task.js';
import {
  type Added,
  type Cancelled,
  type Edited,
  QueueUnavailable,
  type Retried,
  type TaskEdit,
  TaskQueue,
} from './task-queue.js';

@Injectable()
export class ScriptTaskQueue extends TaskQueue {
  private readonly batches: AddBatches;
  private readonly completedForMs: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
  ) {
    super();
    this.batches = new AddBatches(connections.writers, MAX_TASK_AGE_MS);
    this.completedForMs = stepSettings(config, '').completedForMs;
  }

  override add(task: Task): Promise<Added> {
    return whenAvailable(() => this.batches.add(task));
  }

  override cancel(id: string): Promise<Cancelled> {
    return whenAvailable(async () => {
      const args = ['', id, this.completedForMs, MAX_TASK_AGE_MS];
      const state = (await this.run(scripts.cancelTask, args)) as TaskState | '';
      if (state === '') return 'unknown';
      if (isFinal(state)) return 'finished';
      return state === 'running' ? 'aborting' : 'cancelled';
    });
  }

  override runNow(id: string): Promise<'due' | 'finished' | 'unknown'> {
    return whenAvailable(async () => {
      const args = ['', id, MAX_TASK_AGE_MS, this.completedForMs];
      const state = (await this.run(scripts.runTask, args)) as TaskState | '';
      if (state === '') return 'unknown';
      return isFinal(state) ? 'finished' : 'due';
    });
  }

  override retry(id: string): Promise<Retried> {
    return whenAvailable(async () => {
      const args = ['', id, MAX_TASK_AGE_MS];
      const result = (await this.run(scripts.retryTask, args)) as string;
      if (result === '') return 'unknown';
      return result === 'retried' || result === 'too_late' ? result : 'not_dead';
    });
  }

  override edit(edit: TaskEdit): Promise<Edited> {
    return whenAvailable(async () => {
      const result = (await this.run(scripts.editTask, editArgs(edit))) as
        'edited' | 'changed' | 'started' | TaskState | '';
      if (result === '') return 'unknown';
      if (result === 'edited' || result === 'changed' || result === 'started') return result;
      return isFinal(result) ? 'finished' : 'started';
    });
  }

  private run(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    return this.connections.write((redis) => script.run(redis, PREFIX, args));
  }
}

function editArgs({ before, after, now, isRescheduled }: TaskEdit): (string | number)[] {
  const due = isRescheduled ? after.scheduledAt : '';
  const expires = after.expiresAt ?? '';
  const [was] = storedAs(before);
  return ['', after.id, MAX_TASK_AGE_MS, was, now, due, expires, gatesOf(after), ...storedAs(after)];
}

/** Errors that say "not now" become the port's own. */
export async function whenAvailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error) ? new QueueUnavailable(error) : error;
  }
}
