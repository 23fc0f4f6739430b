import type { Principal } from '../http/principal.js';
import { scheduleKey } from '../task/task-id.js';
import { scheduleNotFound } from './schedule-problems.js';

/**
 * `<client_id>.<schedule_id>`; with the key of a client its `<schedule_id>` is enough.
 *
 * @throws ProblemError when it is that of another client: for it there is no such schedule
 */
export function keyOf(id: string, principal: Principal): string {
  const isFull = id.includes('.');
  if (principal.kind !== 'client') return id;
  const { clientId } = principal;
  if (isFull && !id.startsWith(`${clientId}.`)) throw scheduleNotFound();
  return isFull ? id : scheduleKey(clientId, id);
}
