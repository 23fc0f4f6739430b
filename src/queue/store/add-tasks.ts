import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { isRandomId } from '../../task/task-id.js';
import type { Task } from '../../task/task.js';
import {
  type Addition,
  type Admission,
  type AddResult,
  type Quota,
  receiptOf,
} from '../admission/admission.js';
import type { ScriptTime } from '../queue-clock.js';
import { scripts } from '../scripts.js';
import { gatesOf, storedAs } from './stored-task.js';

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
  return additions.map(({ task }, at) => resultOf(task, results[at] ?? ''));
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
  ];
}

const NO_ADMISSION = ['', '', '', ''];

function admissionArgs({ version, principal = '', idempotency }: Admission): string[] {
  const { hash = '', fingerprint = '' } = idempotency ?? {};
  return [version, principal, hash, fingerprint];
}

/** `<kind>`, `<kind>;<what>` or `<kind>;<quota>\n<what is stored>`: see the contract of the script. */
function resultOf(task: Task, text: string): AddResult {
  if (text === 'added;') return { kind: 'added', receipt: receiptOf(task) };
  const lineEnd = text.indexOf('\n');
  const [kind = '', ...words] = text.slice(0, lineEnd < 0 ? undefined : lineEnd).split(';');
  const stored = text.slice(lineEnd + 1);
  switch (kind) {
    case 'added':
      return { kind, receipt: receiptOf(task), ...quotaOf(words) };
    case 'stored':
      return { kind: 'replayed', receipt: receiptOf(JSON.parse(stored) as Task), ...quotaOf(words) };
    case 'kept':
      return { kind: 'replayed', receipt: parseReceipt(task.clientId, stored), ...quotaOf(words) };
    default:
      return refusalOf(kind, words);
  }
}

function refusalOf(kind: string, words: readonly string[]): AddResult {
  const [word = ''] = words;
  switch (kind) {
    case 'full':
      return { kind, what: word as 'memory' | 'tasks' | 'client' | 'queue' };
    case 'limited':
      return { kind: 'rate_limited', quota: parseQuota(words) };
    case 'throttled':
      return { kind, retryAfterMs: Number(word) };
    default:
      return { kind: kind as 'stale' | 'disabled' | 'conflict' | 'skipped' };
  }
}

function quotaOf(words: readonly string[]): { quota?: Quota } {
  return words[0] === '' ? {} : { quota: parseQuota(words) };
}

function parseQuota(words: readonly string[]): Quota {
  const [remaining = 0, resetMs = 0, limit = 0] = words.map(Number);
  return { limit, remaining, resetMs };
}

/** `<due>;<queue>;<id>` */
function parseReceipt(clientId: string, text: string): ReturnType<typeof receiptOf> {
  const [due, queue = '', id = ''] = text.split(';');
  return { id, clientId, queue, scheduledAt: Number(due) };
}
