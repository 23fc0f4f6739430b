import { EVENT_KINDS, GAP, type StoredEvent } from './event.js';

/** Who listens: clients learn of their own tasks only. */
export type Audience =
  { readonly kind: 'all' } | { readonly kind: 'client'; readonly clientId: string; readonly keyHash: string };

/** Everything is for them. */
export const ALL: Audience = { kind: 'all' };

/** What a listener wants to be told of; what is left out is everything. */
export interface EventFilter {
  readonly kinds?: ReadonlySet<string>;
  readonly queue?: string;
  readonly clientId?: string;
}

/** A kind, or all of a group: `task.*`. */
const PATTERNS = new Set<string>([
  ...EVENT_KINDS,
  ...EVENT_KINDS.map((kind) => `${kind.split('.', 1)[0] ?? ''}.*`),
  '*',
]);

/** Kinds that are none. */
export function unknownKinds(patterns: readonly string[]): string[] {
  return patterns.filter((pattern) => !PATTERNS.has(pattern));
}

/** The kinds that patterns name. */
export function kindsOf(patterns: readonly string[]): ReadonlySet<string> {
  const isNamed = (kind: string): boolean =>
    patterns.some((pattern) => pattern === '*' || pattern === kind || pattern === kind.replace(/\..*/, '.*'));
  return new Set(EVENT_KINDS.filter(isNamed));
}

/** What is shown to this audience of what it wants. */
export function passes(audience: Audience, { kinds, queue, clientId }: EventFilter) {
  const isKind = (kind: string): boolean => kinds === undefined || kinds.has(kind);
  const isQueue = (of: string): boolean => queue === undefined || queue === of;
  // What is of no client, as workers are, is for admins.
  const clients = [clientId, audience.kind === 'client' ? audience.clientId : undefined].filter(
    (each) => each !== undefined,
  );
  const isClient = (of: string): boolean => clients.every((each) => each === of);
  return (event: StoredEvent): boolean =>
    event.kind === GAP || (isKind(event.kind) && isQueue(event.queue) && isClient(event.clientId));
}
