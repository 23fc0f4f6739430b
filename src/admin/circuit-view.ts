import type { HostCircuit } from '../circuit-breaker/host-circuit.js';
import { isLimited } from '../circuit-breaker/host-limits.js';
import type { KnownHost } from '../circuit-breaker/known-hosts.js';
import { formatTime } from '../time/rfc3339.js';
import type { CircuitView } from './admin-circuits.dto.js';
import { limitsView } from './limits.js';

/** Who opens a circuit while the admin API asks for no key. */
export const NO_KEY = '-';

/** The circuit of a host as the API shows it: RFC 3339 times, and nothing of what does not apply. */
export function circuitView({ circuit, limit }: KnownHost): CircuitView {
  const { host, state, isForced, failures, probes, successes, parked } = circuit;
  return {
    host,
    state,
    forced: isForced,
    ...causeView(circuit),
    failures,
    ...(circuit.failedBy !== undefined && { failed_by: circuit.failedBy }),
    ...timesView(circuit),
    probes,
    probe_successes: successes,
    parked,
    ...(isLimited(limit) && { limits: limitsView(limit) }),
  };
}

type Cause = Pick<CircuitView, 'opened_by' | 'reason' | 'last_error'>;

function causeView({ openedBy, note }: HostCircuit): Cause {
  if (openedBy === undefined) return note === '' ? {} : { last_error: note };
  return { opened_by: openedBy === NO_KEY ? null : openedBy, ...(note !== '' && { reason: note }) };
}

type Times = Pick<CircuitView, 'opened_at' | 'next_probe_at' | 'ramp' | 'clients_held_until'>;

function timesView({ openedAt, nextProbeAt, ramp, clientsHeldUntil }: HostCircuit): Times {
  return {
    ...(openedAt !== undefined && { opened_at: formatTime(openedAt) }),
    ...(nextProbeAt !== undefined && { next_probe_at: formatTime(nextProbeAt) }),
    ...(ramp && { ramp: { per_second: ramp.perSecond, ends_at: formatTime(ramp.endsAt) } }),
    ...(clientsHeldUntil !== undefined && { clients_held_until: formatTime(clientsHeldUntil) }),
  };
}
