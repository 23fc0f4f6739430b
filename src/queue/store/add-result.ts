import type { Task } from '../../task/task.js';
import { type AddResult, type Full, type Quota, type Receipt, receiptOf } from '../admission/admission.js';
import { readTask } from '../read-task.js';

/** What is known of the task that the result is about: all of it, if it may have been added. */
type Asked = Pick<Task, 'clientId'> & Partial<Receipt>;

/** What the scripts say of one task; see the contract of `add-tasks.lua`. */
export function parseResult(asked: Asked, text: string): AddResult {
  const lineEnd = text.indexOf('\n');
  const [kind = '', ...words] = text.slice(0, lineEnd < 0 ? undefined : lineEnd).split(';');
  const stored = text.slice(lineEnd + 1);
  switch (kind) {
    case 'added':
      return { kind, receipt: receiptOf(asked as Receipt), ...quotaOf(words) };
    case 'stored':
      // Its id is taken also when nobody can read any more by what.
      return {
        kind: 'replayed',
        receipt: receiptOf(readTask(asked.id, stored) ?? (asked as Receipt)),
        ...quotaOf(words),
      };
    case 'kept':
      return { kind: 'replayed', receipt: parseReceipt(asked.clientId, stored), ...quotaOf(words) };
    default:
      return parseRefusal(kind, words);
  }
}

function parseRefusal(kind: string, words: readonly string[]): AddResult {
  const [word = ''] = words;
  switch (kind) {
    case 'full':
      return { kind, what: word as Full['what'] };
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
function parseReceipt(clientId: string, text: string): Receipt {
  const [due, queue = '', id = ''] = text.split(';');
  return { id, clientId, queue, scheduledAt: Number(due) };
}
