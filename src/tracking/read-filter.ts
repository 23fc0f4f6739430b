import { Faults } from '../task-request/faults.js';
import { readTime } from '../task-request/read-times.js';
import { usualName } from '../queue/gates/host-gate.js';
import { invalidRequest } from '../http/problem.js';
import { queueName } from '../queue/queues/queue-settings.js';
import type { Label, TaskFilter } from '../queue/search/task-list.js';
import type { TaskFilterFields } from './task-filter.dto.js';

/**
 * A filter whose shape was checked already, as the store takes it.
 *
 * @param at pointer to the object that has these fields
 * @throws ProblemError with every field that is at fault
 */
export function readFilter(fields: TaskFilterFields, at = ''): TaskFilter {
  const faults = new Faults();
  const filter: TaskFilter = {
    ...textsOf(fields),
    labels: labelsOf(fields.label),
    createdAfter: readTime(fields.created_after, `${at}/created_after`, faults),
    createdBefore: readTime(fields.created_before, `${at}/created_before`, faults),
  };
  if (faults.list.length > 0) throw invalidRequest(faults.list);
  return filter;
}

/** Whether a filter says nothing: what is `null` is as good as absent. */
export function saysNothing(fields: object): boolean {
  return Object.values(fields).every((value) => (value ?? undefined) === undefined);
}

function textsOf({ client_id, state, queue, host, type, error }: TaskFilterFields): TaskFilter {
  return {
    clientId: client_id ?? undefined,
    state: state ?? undefined,
    queue: queue ? queueName(queue) : undefined,
    host: host ? hostOf(host) : undefined,
    type: type ?? undefined,
    error: error ?? undefined,
  };
}

function labelsOf(label: string | readonly string[] | null | undefined): Label[] {
  const labels = typeof label === 'string' ? [label] : (label ?? []);
  return labels.map((text) => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon), text.slice(colon + 1)];
  });
}

/** Hosts are kept in lower case; an origin has no path. */
function hostOf(text: string): string {
  return usualName(text.toLowerCase().replace(/\/+$/, ''));
}
