import type { AuditLine } from '../audit/audit-line.js';
import { type Circuit, decodeCircuit } from '../queue/gates/circuit.js';
import { forceClose, forceOpen, forceReset, type OpenedByHand } from './circuit-rules.js';
import type { At } from './circuit-states.js';
import { type HostCircuit, hostCircuit } from './host-circuit.js';

/** What somebody wants of a circuit. */
export type Order = { readonly kind: 'close' | 'reset' } | ({ readonly kind: 'open' } & OpenedByHand);

interface Audited {
  readonly line: AuditLine;
  readonly at: At;
}

/** @param text the circuit as it is stored, '' = there is none */
export function auditedLine(host: string, order: Order, text: string, { line, at }: Audited): string {
  const before = text === '' ? undefined : decodeCircuit(text);
  const tell = (circuit: Circuit | undefined) => told(hostCircuit(host, circuit, NOBODY, at));
  return line(tell(before), tell(afterOrder(before, order, at)));
}

function afterOrder(circuit: Circuit | undefined, order: Order, at: At): Circuit | undefined {
  if (order.kind === 'open') return forceOpen(circuit, order, at).circuit;
  return order.kind === 'close' ? forceClose(circuit, at).circuit : forceReset(circuit).circuit;
}

const NOBODY = { parked: 0, probes: 0 };

/** What the audit log has of a circuit, by the names that the API has for it. */
function told(circuit: HostCircuit): object {
  const { state, failures, isForced: forced, openedBy, note, nextProbeAt, clientsHeldUntil } = circuit;
  const cause = openedBy === undefined ? { lastError: note } : { reason: note };
  return { state, failures, forced, ...(note !== '' && cause), nextProbeAt, clientsHeldUntil };
}
