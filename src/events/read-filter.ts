import { invalidRequest } from '../http/problem.js';
import type { EventsQuery } from './events.dto.js';
import { type EventFilter, kindsOf, unknownKinds } from './event-filter.js';
import { EVENT_KINDS } from './event.js';

/** @throws ProblemError that names kinds that are none */
export function readFilter({
  kinds,
  queue,
  client_id,
}: Pick<EventsQuery, 'kinds' | 'queue' | 'client_id'>): EventFilter {
  return {
    ...(kinds !== undefined && { kinds: readKinds(kinds.split(',').map((kind) => kind.trim())) }),
    ...(queue !== undefined && { queue }),
    ...(client_id !== undefined && { clientId: client_id }),
  };
}

function readKinds(patterns: readonly string[]): ReadonlySet<string> {
  const [unknown] = unknownKinds(patterns);
  if (unknown === undefined) return kindsOf(patterns);
  const detail = `${JSON.stringify(unknown)} is no kind of event; there are ${EVENT_KINDS.join(', ')}, and groups like task.*`;
  throw invalidRequest([{ pointer: '/kinds', detail }]);
}
