import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import type { TaskState } from '../../task/task-state.js';
import type { ScriptTime } from '../queue-clock.js';
import { readAttempt } from '../read-task.js';
import { scripts } from '../scripts.js';
import { type RawTask, snapshotOf } from '../store/snapshot.js';
import type { TaskCipher } from '../task-cipher.js';
import { fits, labelJson, lower } from './fits.js';
import type { TaskPage, TaskSnapshot } from '../task-reader.js';
import type { SearchedWindow, TaskFilter, TaskListQuery } from './task-list.js';

/** One piece holds Redis for about two milliseconds. */
const AT_ONCE = 100;
/** What is looked at for one page, so that a filter that fits nothing costs no more than some ten milliseconds. */
const WINDOW = 2000;
/** A piece ends also when it has read a mebibyte: of large tasks a page looks at fewer. */
const MOST_PIECES = 40;
/**
 * A page ends when it has so much of tasks and attempts, UTF-16 units of their JSON: whoever shows it has all of that in memory
 * several times. Some may ask at the same time.
 */
const PAGE_UNITS = 2 * 1024 * 1024;

type RawHit = [id: string, state: TaskState, due: string, values: (string | null)[]];
type RawPiece = [next: string, scanned: number, from: string, to: string, hits: RawHit[]];

/** As the script returns them; the newest attempt comes after these. */
const FIELDS = [
  ...['data', 'atm', 'kept', 'finishedOn', 'failedReason', 'gates', 'timestamp', 'due', 'expires', 'fp'],
];

interface Searched {
  readonly tasks: TaskSnapshot[];
  readonly window: SearchedWindow;
  readonly next?: string;
  /** How much was read of them. */
  readonly units: number;
}

/** One page of tasks, newest first. Looks piece by piece, until there are enough or the window is at its end. */
export async function searchTasks(
  redis: Redis,
  { filter, limit, after = '' }: TaskListQuery,
  { now, cipher }: { now: ScriptTime; cipher: TaskCipher },
): Promise<TaskPage> {
  const tasks: TaskSnapshot[] = [];
  let window: SearchedWindow = { scanned: 0, isComplete: false };
  let next = after;
  let units = 0;
  for (let pieces = 0; pieces < MOST_PIECES; pieces++) {
    if (isEnough(window) || tasks.length >= limit || units >= PAGE_UNITS) break;
    const wanted = [AT_ONCE, limit - tasks.length, next];
    const raw = (await scripts.listTasks.run(redis, PREFIX, [
      now,
      ...wanted,
      ...filterArgs(filter),
    ])) as RawPiece;
    const piece = pieceOf(raw, cipher);
    tasks.push(...piece.tasks.filter((task) => fits(task, filter)));
    units += piece.units;
    window = joined(window, piece.window);
    next = piece.next ?? '';
  }
  return { tasks, window, ...(next !== '' && { next }) };
}

function isEnough({ scanned, isComplete }: SearchedWindow): boolean {
  return isComplete || scanned >= WINDOW;
}

function filterArgs(filter: TaskFilter): (string | number)[] {
  const { createdAfter = '', createdBefore = '', labels = [], error = '' } = filter;
  const texts = [filter.clientId, statesOf(filter), filter.queue, filter.host, filter.type];
  return [
    createdAfter,
    createdBefore,
    ...texts.map((text) => text ?? ''),
    lower(JSON.stringify(error).slice(1, -1)),
    filter.dead ? (filter.dead.fingerprint ?? '*') : '',
    ...labels.map(labelJson),
  ];
}

function statesOf({ state, states = [] }: TaskFilter): string {
  return state ?? states.join(',');
}

function pieceOf([next, scanned, from, to, hits]: RawPiece, cipher: TaskCipher): Searched {
  const times = scanned > 0 && { from: Number(from), to: Number(to) };
  return {
    tasks: hits.map((hit) => listed(hit, cipher)),
    window: { scanned, ...times, isComplete: next === '' },
    ...(next !== '' && { next }),
    units: hits.reduce((sum, [, , , values]) => sum + unitsOf(values), 0),
  };
}

function unitsOf(values: readonly (string | null)[]): number {
  return values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
}

function joined(one: SearchedWindow, other: SearchedWindow): SearchedWindow {
  const from = one.from ?? other.from;
  return { ...one, ...other, scanned: one.scanned + other.scanned, ...(from !== undefined && { from }) };
}

function listed([id, state, due, values]: RawHit, cipher: TaskCipher): TaskSnapshot {
  const fields = FIELDS.flatMap((name, at) => {
    const value = values[at];
    return typeof value === 'string' ? [name, value] : [];
  });
  const raw: RawTask = [state, due, fields];
  const attempt = readAttempt(values[FIELDS.length] ?? '');
  return { ...snapshotOf(id, raw, cipher), attempts: attempt ? [attempt] : [] };
}
