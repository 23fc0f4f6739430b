import { fits } from '../../src/queue/search/fits.js';
import type { TaskPage, TaskSnapshot } from '../../src/queue/task-reader.js';
import type { TaskFilter, TaskListQuery } from '../../src/queue/search/task-list.js';
import { hostOf } from './memory-circuits.js';

/** What `TaskReader.list` promises, of tasks in the order in which they were stored. */
export function listInMemory(
  tasks: readonly TaskSnapshot[],
  { filter, limit, after }: TaskListQuery,
): TaskPage {
  const till = after === undefined ? tasks.length : Number(after.split('-', 1)[0]) - 1;
  const found: TaskSnapshot[] = [];
  let at = till;
  while (at > 0 && found.length < limit) {
    const listed = tasks[--at]!;
    if (isMeant(listed, filter) && fits(listed, filter)) found.push(listed);
  }
  return {
    tasks: found,
    window: { scanned: till - at, isComplete: at === 0 },
    ...(at > 0 && { next: `${at + 1}-0` }),
  };
}

function isMeant({ task, state }: TaskSnapshot, filter: TaskFilter): boolean {
  const origin = hostOf(task);
  const { hostname, host } = new URL(origin);
  const pairs = [
    [filter.clientId, [task.clientId]],
    [filter.state, [state]],
    [filter.queue, [task.queue]],
    [filter.type, ['http']],
    [filter.host, [origin, hostname, host]],
  ] as const;
  if (filter.states && !filter.states.includes(state)) return false;
  return pairs.every(([asked, names]) => asked === undefined || (names as readonly string[]).includes(asked));
}
