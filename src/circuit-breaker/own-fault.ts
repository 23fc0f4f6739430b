import type { Circuit } from '../queue/gates/circuit.js';
import type { HostVerdict } from '../task/host-verdict.js';
import { type At, type Changed, SEVERAL } from './circuit-states.js';

// Whose failures they are. One client's wrong path must not keep away everybody from a host that answers others well.

/** One more failure in the row. */
export function counted(circuit: Circuit, client: string, note = ''): Circuit {
  const isSame = circuit.failures === 0 || circuit.failedBy === client;
  return { ...circuit, failures: circuit.failures + 1, failedBy: isSame ? client : SEVERAL, note };
}

/** The host has answered a client well. What the client says whose failures are in question is no answer to them. */
export function vouched(circuit: Circuit, client: string, { now }: At): Circuit {
  return client === '' || client === circuit.failedBy ? circuit : { ...circuit, wellBy: client, wellAt: now };
}

/** The row is over. Who was answered well is kept only while there are failures of one client to weigh it against. */
export function relieved(circuit: Circuit, client: string, at: At): Circuit {
  const isAsked = isOne(circuit.failedBy) && (circuit.failures > 0 || circuit.heldUntil > at.now);
  return { ...(isAsked ? vouched(circuit, client, at) : circuit), failures: 0 };
}

/** All failures are of one client, and the host has answered another one well after that time. */
export function isOwnFault({ failedBy, wellBy, wellAt }: Circuit, after: number): boolean {
  return isOne(failedBy) && wellBy !== '' && wellBy !== failedBy && wellAt > after;
}

interface Ended {
  readonly verdict: HostVerdict;
  readonly probeOf?: number;
  readonly isFull?: boolean;
}

/** The same of what has just failed, unless the host itself asks to be left alone, or no further client can be held. */
export function isAlone(failed: Circuit, { verdict, isFull = false }: Ended, after: number): boolean {
  return verdict.holdHostMs === undefined && !isFull && isOwnFault(failed, after);
}

/** Of the window that has just ended a probe succeeds after all; of a host that has asked to be left alone it says nothing. */
export function isLateSuccess(
  circuit: Circuit,
  { verdict, probeOf = -Infinity, isFull = false }: Ended,
  at: At,
): boolean {
  const { since, until, timeoutMs } = circuit;
  const isLast = probeOf >= since - at.settings.timeoutMs;
  return verdict.kind === 'success' && !isFull && isLast && until === since + timeoutMs;
}

function isOne(failedBy: string): boolean {
  return failedBy !== '' && failedBy !== SEVERAL;
}

/** Only what the client has for the host is held back, for as long as the circuit would have been open. */
export function heldAlone({ circuit, change }: Changed, { failedBy }: Circuit, at: At): Changed {
  const held = { client: failedBy, until: at.now + at.settings.timeoutMs };
  const heldUntil = Math.max(circuit.heldUntil, held.until);
  return { circuit: { ...circuit, failures: 0, heldUntil }, ...(change && { change }), held };
}

/** The client, if the failures that count are of one. */
export function soleClient({ failedBy, failures }: Circuit): string | undefined {
  return failures > 0 && isOne(failedBy) ? failedBy : undefined;
}
