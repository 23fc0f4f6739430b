import type { Attempt } from '../../task/attempt.js';
import type { TaskState } from '../../task/task-state.js';
import { callbackId } from '../../task/task-id.js';
import { readAttempt, readTask } from '../read-task.js';
import type { TaskCipher } from '../task-cipher.js';
import type { TaskSnapshot } from '../task-reader.js';
import { standInFor } from './stand-in.js';

/** As the scripts return a task: its fields are names and values in turn. */
export type RawTask = [state: TaskState, due: string, fields: string[]];

/** A task as it was read. */
export function snapshotOf(id: string, [state, due, values]: RawTask, cipher: TaskCipher): TaskSnapshot {
  const fields = byName(values);
  const read = readTask(id, fields.get('data') ?? '');
  const stored = read ?? standInFor(id, fields);
  return {
    task: cipher.open(stored),
    stored,
    ...(!read && { isUnreadable: true }),
    state,
    attemptsMade: Number(fields.get('atm') ?? 0),
    attempts: attemptsIn(fields).map((attempt) => withResult(attempt, id, cipher)),
    ...(due !== '' && { nextAttemptAt: Number(due) }),
    ...ending(state, fields),
    ...callbackOf(id, fields),
  };
}

function byName(values: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < values.length; at += 2) fields.set(values[at] ?? '', values[at + 1] ?? '');
  return fields;
}

function ending(state: TaskState, fields: ReadonlyMap<string, string>): Partial<TaskSnapshot> {
  const finishedOn = fields.get('finishedOn');
  if (finishedOn === undefined) return {};
  const reason = fields.get('failedReason') ?? '';
  const fingerprint = fields.get('fp');
  const death = { deadLetterReason: reason, ...(fingerprint !== undefined && { fingerprint }) };
  return { finishedAt: Number(finishedOn), ...(state === 'dead_letter' && death) };
}

/** Of one that has ended, and that somebody wanted to hear of. */
function callbackOf(id: string, fields: ReadonlyMap<string, string>): Pick<TaskSnapshot, 'callbackId'> {
  const ends = fields.get('ends');
  return ends === undefined ? {} : { callbackId: callbackId(id, Number(ends)) };
}

function withResult(attempt: Attempt, id: string, cipher: TaskCipher): Attempt {
  const { result } = attempt;
  return result === undefined ? attempt : { ...attempt, result: cipher.openText(result, id) };
}

function attemptsIn(fields: ReadonlyMap<string, string>): Attempt[] {
  return [...fields]
    .filter(([name]) => name.startsWith('a:'))
    .map(([, text]) => readAttempt(text))
    .filter((attempt) => attempt !== undefined)
    .toSorted((one, other) => one.startedAt - other.startedAt);
}
