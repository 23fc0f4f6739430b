import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { AdmissionMetric } from '../../metrics/admission-metric.js';
import { PREFIX } from '../../redis/keys.js';
import type { LuaScript } from '../../redis/lua-script.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { isFinal, type TaskState } from '../../task/task-state.js';
import type { Task } from '../../task/task.js';
import { AddBatches } from './add-batches.js';
import { parseResult } from './add-result.js';
import { MemoryWatch } from './memory-watch.js';
import { QueueClock } from '../queue-clock.js';
import { maxTaskAgeMs, stepSettings } from '../queue-rules.js';
import { scripts } from '../scripts.js';
import { parseEndings } from '../task-news.js';
import { whenAvailable } from '../when-available.js';
import { callbackField, gatesOf, storedAs } from './stored-task.js';
import { TaskCipher } from '../task-cipher.js';
import { isRandomId } from '../../task/task-id.js';
import {
  type Addition,
  type Admission,
  type AddResult,
  type Full,
  NO_MEMORY,
  type SentAgain,
} from '../admission/admission.js';
import {
  type Cancelled,
  type DeadLetterEdit,
  type DeadLetterEdited,
  type Edited,
  type Retried,
  type RetryHow,
  type Run,
  type TaskEdit,
  TaskQueue,
} from '../task-queue.js';

@Injectable()
export class ScriptTaskQueue extends TaskQueue {
  private readonly batches: AddBatches;
  private readonly completedForMs: number;
  private readonly cipher: TaskCipher;
  private readonly maxAgeMs: number;
  private readonly maxAlive: number;
  private readonly auditEntries: number;
  private readonly requestsPerSecond: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
    private readonly memory: MemoryWatch,
  ) {
    super();
    this.maxAgeMs = maxTaskAgeMs(config);
    this.maxAlive = config.storage.maxQueueSize;
    this.auditEntries = config.admin.auditMaxEntries;
    this.requestsPerSecond = config.ingress.requestsPerSecond;
    const rules = {
      maxAgeMs: this.maxAgeMs,
      maxAlive: this.maxAlive,
      requestsPerSecond: this.requestsPerSecond,
      isMemoryShort: () => memory.isShort,
    };
    const metric = new AdmissionMetric();
    this.batches = new AddBatches(connections.writers, rules, clock, (tasks) => {
      metric.batched(tasks);
    });
    this.cipher = new TaskCipher(config);
    this.completedForMs = stepSettings(config, '').completedForMs;
  }

  override async add(task: Task, admission?: Admission): Promise<AddResult> {
    if (this.memory.isShort && !mayBeStored(task, admission)) return NO_MEMORY;
    return whenAvailable(() => this.batches.add({ task: this.cipher.seal(task), admission }));
  }

  override addAllOrNone(additions: readonly Addition[]): Promise<readonly AddResult[]> {
    const sealed = additions.map(({ task, admission }) => ({ task: this.cipher.seal(task), admission }));
    return whenAvailable(() => this.batches.addAllOrNone(sealed));
  }

  override replay({ clientId, id = '', admission }: SentAgain): Promise<AddResult | undefined> {
    return whenAvailable(async () => {
      const { hash = '', fingerprint = '' } = admission.idempotency ?? {};
      const { version, principal = '' } = admission;
      const args = [clientId, version, id, hash, fingerprint, this.requestsPerSecond, principal];
      const text = (await this.run(scripts.findReceipt, args)) as string;
      return text === '' ? undefined : parseResult({ clientId }, text);
    });
  }

  override cancel(id: string, operation = ''): Promise<Cancelled> {
    return whenAvailable(async () => {
      const args = [id, this.completedForMs, this.maxAgeMs, operation];
      const state = (await this.run(scripts.cancelTask, args)) as TaskState | '';
      if (state === '') return 'unknown';
      if (isFinal(state)) return 'finished';
      return state === 'running' ? 'aborting' : 'cancelled';
    });
  }

  override runNow(id: string): Promise<Run> {
    return whenAvailable(async () => {
      const args = [id, this.maxAgeMs, this.completedForMs];
      const [state, endings] = (await this.run(scripts.runTask, args)) as [TaskState | '', string[]];
      if (state === '') return 'unknown';
      return parseEndings(endings)[0] ?? (isFinal(state) ? 'finished' : 'due');
    });
  }

  override retry(id: string, how: RetryHow = {}): Promise<Retried> {
    const { audited = '', isCanary = false, operation = '' } = how;
    return whenAvailable(async () => {
      const args = [id, ...this.retryArgs(audited), Number(isCanary), operation, ''];
      return retriedOf(await this.run(scripts.retryTask, args), ['retried', 'too_late'] as const);
    });
  }

  override editDeadLetter({ isRetried, audited = '', ...edit }: DeadLetterEdit): Promise<DeadLetterEdited> {
    return whenAvailable(async () => {
      const { id, was, now, expires, becomes } = this.editOf(edit);
      const edited = [was, now, expires, ...becomes, Number(!isRetried)];
      const args = [id, ...this.retryArgs(audited), 0, '', ...edited];
      const reply = await this.run(scripts.retryTask, args);
      return retriedOf(reply, ['retried', 'too_late', 'edited', 'changed'] as const);
    });
  }

  private retryArgs(audited: string): (string | number)[] {
    return [this.maxAgeMs, this.maxAlive, audited, this.auditEntries];
  }

  override deleteDeadLetter(id: string, audited = ''): Promise<'deleted' | 'not_dead' | 'unknown'> {
    return whenAvailable(async () => {
      const args = [id, audited, this.auditEntries, 1, ''];
      const result = (await this.run(scripts.deleteEnded, args)) as string;
      if (result === '') return 'unknown';
      return result === 'deleted' ? result : 'not_dead';
    });
  }

  override deleteEnded(id: string, operation = ''): Promise<'deleted' | 'not_ended' | 'unknown'> {
    return whenAvailable(async () => {
      const result = (await this.run(scripts.deleteEnded, [id, '', 0, 0, operation])) as string;
      if (result === '') return 'unknown';
      return result === 'deleted' ? result : 'not_ended';
    });
  }

  override edit(edit: TaskEdit): Promise<Edited> {
    return whenAvailable(async () => {
      const result = (await this.run(scripts.editTask, this.editArgs(edit))) as
        'edited' | 'changed' | 'started' | TaskState | '';
      if (result === '') return 'unknown';
      if (result === 'edited' || result === 'changed' || result === 'started') return result;
      return isFinal(result) ? 'finished' : 'started';
    });
  }

  private editArgs({ isRescheduled, operation = '', ...edit }: TaskEdit): (string | number)[] {
    const { id, was, now, expires, becomes } = this.editOf(edit);
    const due = isRescheduled ? edit.after.scheduledAt : '';
    return [id, this.maxAgeMs, was, now, due, expires, ...becomes, operation];
  }

  /** `becomes`: gates, data, options and what its callbacks are made of. */
  private editOf({ before, after, now }: Omit<TaskEdit, 'isRescheduled'>) {
    const stored = this.cipher.seal(after);
    const [was] = storedAs(before);
    const becomes = [gatesOf(stored), ...storedAs(stored), callbackField(stored)];
    return { id: after.id, was, now, expires: after.expiresAt ?? '', becomes };
  }

  private run(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    const all = [this.clock.scriptTime(), ...args];
    return this.connections.write((redis) => script.run(redis, PREFIX, all));
  }
}

/** @param told what the script may answer besides, and is told as it is */
function retriedOf<T extends string>(reply: unknown, told: readonly T[]): T | Full | 'unknown' | 'not_dead' {
  const [result = '', what] = (reply as string).split(';');
  if (result === 'full') return { kind: result, what: what as Full['what'] };
  if (result === '') return 'unknown';
  return told.find((each) => each === result) ?? 'not_dead';
}

/** Whether the store may have it already; when memory is short it is not asked for anything else. */
function mayBeStored({ id }: Task, admission: Admission | undefined): boolean {
  return !isRandomId(id) || admission?.idempotency !== undefined;
}
