/** Everything that events tell of. */
export const EVENT_KINDS = [
  'task.submitted',
  'task.started',
  'task.completed',
  'task.failed',
  'task.retrying',
  'task.dead_letter',
  'task.cancelled',
  'task.expired',
  'worker.joined',
  'worker.left',
  'worker.paused',
  'worker.resumed',
  'queue.depth',
  'circuit.opened',
  'circuit.half_open',
  'circuit.closed',
  'operation.begun',
  'operation.ended',
  'system.metrics',
] as const;
type EventKind = (typeof EVENT_KINDS)[number];

/** Something that has happened. */
export interface Happening {
  readonly kind: EventKind;
  /** Of a task: whose it is, and what clients see the event by. */
  readonly clientId?: string;
  /** Of a task: its queue. */
  readonly queue?: string;
  /** Ids, states, timings, classes of errors; never a body, a header or a URL. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Tells a listener that what it was not told of may have happened. It passes every filter. */
export const GAP = 'gap';

/** An event as it is kept and sent. */
export interface StoredEvent {
  /** `<Unix ms>-<number>`: its place in the stream, to go on from. */
  readonly id: string;
  readonly kind: EventKind | typeof GAP;
  readonly clientId: string;
  readonly queue: string;
  /** What is sent: `{"id","type","time",...data}`. */
  readonly json: string;
}

/** An event that is only for one listener: why it may have missed something. */
export function gapEvent(id: string, reason: GapReason): StoredEvent {
  return stored(id, { kind: GAP, clientId: '', queue: '' }, JSON.stringify({ reason }));
}

/** `trimmed`: it was away, or behind, for too long; `nobody_listened`: nothing was noted meanwhile; `overload`: more happened than can be told. */
export type GapReason = 'trimmed' | 'nobody_listened' | 'overload';

type Labels = Pick<StoredEvent, 'kind' | 'clientId' | 'queue'>;

/** @param data JSON of an object */
export function stored(id: string, labels: Labels, data: string): StoredEvent {
  const time = new Date(Number(id.split('-', 1)[0])).toISOString();
  const rest = data === '{}' ? '}' : `,${data.slice(1)}`;
  return { id, ...labels, json: `{"id":"${id}","type":"${labels.kind}","time":"${time}"${rest}` };
}

/** Before every event. */
export const NOWHERE = '0-0';

/** Whether one id is further on than another. */
export function isAfter(id: string, other: string): boolean {
  const [ms = 0, nth = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherNth = 0] = other.split('-').map(Number);
  return ms !== otherMs ? ms > otherMs : nth > otherNth;
}
