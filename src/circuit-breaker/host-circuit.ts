import {
  type Circuit,
  type CircuitState,
  mostInSecond,
  rampEnd,
  rampSecond,
  stateAt,
} from '../queue/gates/circuit.js';
import type { Load } from './circuit-rules.js';
import { soleClient } from './own-fault.js';
import { asOf, type At } from './circuit-states.js';

/** The circuit of a host as operators see it, and who waits for it. Times are Unix milliseconds. */
export interface HostCircuit extends Load {
  /** An origin. */
  readonly host: string;
  readonly state: CircuitState;
  /** Consecutive ones that count now. */
  readonly failures: number;
  /** The client whose tasks failed, if these failures are all of one. */
  readonly failedBy?: string;
  /** Half-open: probes of this window that succeeded. */
  readonly successes: number;
  /** When the outage began; of what is not closed. */
  readonly openedAt?: number;
  /** Open: when the next probe goes out; nothing = not before somebody closes it. */
  readonly nextProbeAt?: number;
  readonly ramp?: Ramp;
  /** Somebody holds it open by hand. */
  readonly isForced: boolean;
  /** Who has opened it by hand, until it is closed or failures open it again. */
  readonly openedBy?: string;
  /** The status or code of the last failure; of one that was opened by hand: why. */
  readonly note: string;
  /** Tasks of some clients are held for it until then. */
  readonly clientsHeldUntil?: number;
}

/** How the tasks that waited are let in. */
interface Ramp {
  /** Tasks that begin in this second at most. */
  readonly perSecond: number;
  readonly endsAt: number;
}

/** @param circuit as it is stored; nothing: it is closed, and there is nothing against the host */
export function hostCircuit(host: string, circuit: Circuit | undefined, load: Load, at: At): HostCircuit {
  const current = asOf(circuit, at);
  const { openedBy, heldUntil } = current;
  const state = stateAt(current, at.now);
  const failedBy = soleClient(current);
  return {
    host,
    state,
    failures: current.failures,
    ...(failedBy !== undefined && { failedBy }),
    successes: current.successes,
    ...load,
    ...timesOf(current, state),
    ...(state === 'ramping' && { ramp: rampOf(current, at.now) }),
    isForced: state === 'open' && openedBy !== '',
    ...(openedBy !== '' && { openedBy }),
    note: current.failures === 0 && state === 'closed' ? '' : current.note,
    ...(heldUntil > at.now && { clientsHeldUntil: heldUntil }),
  };
}

function timesOf(
  { openedAt, until }: Circuit,
  state: CircuitState,
): Pick<HostCircuit, 'openedAt' | 'nextProbeAt'> {
  if (state === 'closed') return {};
  return { openedAt, ...(state === 'open' && until < Infinity && { nextProbeAt: until }) };
}

function rampOf(circuit: Circuit, now: number): Ramp {
  return { perSecond: mostInSecond(circuit, rampSecond(circuit, now)), endsAt: rampEnd(circuit) };
}
