import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { isRandomId } from '../../task/task-id.js';
import { typeOf } from '../../task/task.js';
import type { Addition, Admission, AddResult } from '../admission/admission.js';
import type { ScriptTime } from '../queue-clock.js';
import { scripts } from '../scripts.js';
import { parseResult } from './add-result.js';
import { callbackField, gatesOf, storedAs } from './stored-task.js';

/** What holds for every task that is added. */
export interface AddRules {
  /** How long a gate may hold a task after it was due, milliseconds. */
  readonly maxAgeMs: number;
  /** How many tasks may be alive at once; 0 = any number. */
  readonly maxAlive: number;
  /** How many requests a principal may send per second; 0 = any number. */
  readonly requestsPerSecond: number;
  /** Whether memory is short: then only what is stored already is answered. */
  readonly isMemoryShort: () => boolean;
}

/** Tasks that are judged and stored together. */
export interface Batch {
  readonly additions: readonly Addition[];
  readonly isAllOrNone: boolean;
  /** Who sends it and its number there: the same for a repeat, which then stores nothing twice. */
  readonly id: readonly [sender: string, number: number];
}

export async function addTasks(
  redis: Redis,
  { additions, isAllOrNone, id }: Batch,
  rules: AddRules,
  now: ScriptTime,
): Promise<AddResult[]> {
  const { maxAgeMs, maxAlive, isMemoryShort, requestsPerSecond } = rules;
  const limits = [maxAlive, Number(isMemoryShort()), requestsPerSecond, Number(isAllOrNone)];
  const args = [now, maxAgeMs, ...id, ...limits, additions.length, ...additions.flatMap(argsOf)];
  const results = (await scripts.addTasks.run(redis, PREFIX, args)) as string[];
  return additions.map(({ task }, at) => parseResult(task, results[at] ?? ''));
}

function argsOf({ task, admission }: Addition): (string | number)[] {
  return [
    task.id,
    isRandomId(task.id) ? 0 : 1,
    task.lane,
    gatesOf(task),
    task.createdAt,
    task.scheduledAt,
    task.expiresAt ?? '',
    ...storedAs(task),
    ...(admission ? admissionArgs(admission) : NO_ADMISSION),
    typeOf(task),
    callbackField(task),
  ];
}

const NO_ADMISSION = ['', '', '', ''];

function admissionArgs({ version, principal = '', idempotency }: Admission): string[] {
  const { hash = '', fingerprint = '' } = idempotency ?? {};
  return [version, principal, hash, fingerprint];
}
