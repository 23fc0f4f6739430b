import type { Actor } from '../http/actor.js';

/** Makes the line of the audit log about a change; a store calls it with what was and what is, as it keeps them. */
export type AuditLine = (before: object | undefined, after: object | undefined) => string;

/** What an admin does. */
export type AuditAction =
  | 'client.set'
  | 'client.delete'
  | 'client.destinations'
  | 'client.key_create'
  | 'client.key_revoke'
  | 'client.signing_secret_create'
  | 'client.signing_secret_delete'
  | 'tier.put'
  | 'tier.delete'
  | 'queue.put'
  | 'queue.pause'
  | 'queue.resume'
  | 'queue.delete'
  | 'worker.pause'
  | 'worker.resume'
  | 'worker.drain'
  | 'circuit.open'
  | 'circuit.close'
  | 'circuit.reset'
  | 'host.put'
  | 'host.delete'
  | 'task_type.put'
  | 'task_type.delete'
  | 'dead_letter.edit'
  | 'dead_letter.retry'
  | 'dead_letter.delete'
  | 'operation.begin'
  | 'operation.cancel'
  | 'operation.undo';

/** A line of the audit log. When it was written is for the log to say. */
export interface AuditEntry {
  readonly action: AuditAction;
  /** Like `client:my-service`. */
  readonly target: string;
  readonly by: Actor;
  /** The members that are different, as they were; nothing when there was nothing. */
  readonly before?: object;
  readonly after?: object;
}

type Members = Readonly<Record<string, unknown>>;

/** What is longer than this, as JSON, is left out: nobody reads it, and the log has to have a bound. */
const MOST_TEXT = 16_384;

/** Never told: secrets; and the hash of a key says nothing to people, and is none of theirs. */
const SECRET = new Set(['hash', 'secret']);

/**
 * The line about a change.
 *
 * @param action what was done
 * @param target to what, like `client:my-service`
 * @param by who asked for it
 */
export function auditLine(action: AuditAction, target: string, by: Actor): AuditLine {
  return (was, is) => {
    const [before, after] = difference(was as Members | undefined, is as Members | undefined);
    const entry: AuditEntry = { action, target, by, ...(before && { before }), ...(after && { after }) };
    const text = textOf(entry);
    return text.length <= MOST_TEXT ? text : textOf({ ...entry, before: TOO_LONG, after: TOO_LONG });
  };
}

const TOO_LONG = { left_out: `more than ${MOST_TEXT} characters` };

function textOf(entry: AuditEntry): string {
  return JSON.stringify(entry, (name, value: unknown) => (SECRET.has(name) ? undefined : value));
}

/** Of two objects, the members that are not the same in both. */
function difference(was?: Members, is?: Members): readonly (Members | undefined)[] {
  if (!was || !is) return [was, is];
  const names = Object.keys({ ...was, ...is });
  const differing = names.filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  return [was, is].map((one) => Object.fromEntries(differing.map((name) => [name, one[name]])));
}
