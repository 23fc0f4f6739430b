import { type Circuit, type CircuitState, rampSecond } from '../queue/gates/circuit.js';
import type { HostVerdict } from '../task/host-verdict.js';
import {
  asOf,
  type At,
  type Changed,
  cleared,
  closed,
  heldLonger,
  type Next,
  opened,
  openedAgain,
  worthKeeping,
} from './circuit-states.js';
import { counted, heldAlone, isAlone, isLateSuccess, isOwnFault, relieved, vouched } from './own-fault.js';

// What changes the circuit of a host. Pure; lua/include/judge.lua once more, and a test holds the two equal.
//
// The four settings mean what they mean in gobreaker (MaxRequests, Interval, Timeout, ReadyToTrip with consecutive
// failures), but that a period of counting begins with its first failure: of a host without failures nothing is kept.

/** An attempt that has ended. */
export interface Attempted {
  readonly verdict: HostVerdict;
  /** Whose task it was; '' = nobody's. */
  readonly client: string;
  /** Of a probe: the start of the half-open window in which it went out. */
  readonly probeOf?: number;
  readonly begunAt: number;
  /** As many clients are held back as may be: no further one can be held alone. */
  readonly isFull?: boolean;
}

/** Dispatchers measure by their own clocks how long an attempt took. */
const IMPRECISION_MS = 1000;

export function afterAttempt(circuit: Circuit | undefined, attempted: Attempted, at: At): Next {
  const { verdict, ...rest } = attempted;
  const meant = at.settings.failureThreshold === 0 ? whenOff(verdict) : verdict;
  const current = asOf(circuit, at);
  const next = JUDGES[current.state](current, { ...rest, verdict: meant }, at);
  const heldUntil = Math.max(next.circuit.heldUntil, at.now + (meant.holdClientMs ?? -Infinity));
  return worthKeeping({ ...next, circuit: { ...next.circuit, heldUntil } }, at);
}

/** Then nothing is held against a host; one that somebody had opened closes after some attempts, whatever they say. */
function whenOff({ kind }: HostVerdict): HostVerdict {
  return { kind: kind === 'failure' ? 'success' : kind };
}

type Judge = (circuit: Circuit, attempted: Attempted, at: At) => Changed;

const JUDGES: Readonly<Record<CircuitState, Judge>> = {
  closed: judgeClosed,
  open: judgeOpen,
  half_open: judgeProbe,
  ramping: judgeRamping,
};

function judgeClosed(circuit: Circuit, attempted: Attempted, at: At): Changed {
  const { verdict, client } = attempted;
  if (verdict.kind === 'success') return { circuit: relieved(circuit, client, at) };
  if (verdict.kind === 'neutral') return { circuit };
  const { failureThreshold, timeoutMs } = at.settings;
  const since = circuit.failures === 0 ? at.now : circuit.since;
  const failed = counted({ ...circuit, since }, client, verdict.note);
  if (failed.failures >= failureThreshold)
    return ownFault(failed, attempted, at) ?? opened(failed, timeoutMs, verdict, at);
  return verdict.holdHostMs === undefined ? { circuit: failed } : opened(failed, 0, verdict, at);
}

/** Enough failures in a row, but while others are answered well: the host stays as it is. */
function ownFault(failed: Circuit, attempted: Attempted, at: At): Changed | undefined {
  const isIt = isAlone(failed, attempted, at.now - at.settings.intervalMs);
  return isIt ? heldAlone({ circuit: failed }, failed, at) : undefined;
}

/**
 * It began before the circuit opened. What the host asks for holds, unless somebody has said for how long. A probe that
 * succeeds when that of another client has opened it again comes late, but in time.
 */
function judgeOpen(circuit: Circuit, attempted: Attempted, at: At): Changed {
  const { verdict, client } = attempted;
  if (circuit.openedBy !== '') return { circuit };
  const heard = { ...circuit, wellBy: client, wellAt: at.now };
  if (isLateSuccess(circuit, attempted, at) && isOwnFault(heard, at.now - 1))
    return heldAlone(closed(heard, at), circuit, at);
  return verdict.holdHostMs === undefined ? { circuit } : heldLonger(circuit, verdict.holdHostMs, at);
}

function judgeProbe(circuit: Circuit, attempted: Attempted, at: At): Changed {
  const { verdict, probeOf, client } = attempted;
  if (probeOf !== circuit.since) return { circuit };
  if (verdict.kind === 'neutral') return { circuit: { ...circuit, sent: circuit.sent - 1 } };
  if (verdict.kind === 'failure') return probeFailed(circuit, attempted, at);
  const heard = vouched({ ...circuit, successes: circuit.successes + 1 }, client, at);
  return heard.successes < circuit.maxRequests ? { circuit: heard } : closed(heard, at);
}

/** One failure opens it again, but not when another client was answered well in this window. */
function probeFailed(circuit: Circuit, attempted: Attempted, at: At): Changed {
  const { verdict, client } = attempted;
  const failed = { ...counted(circuit, client, verdict.note), failedBy: client };
  if (isAlone(failed, attempted, circuit.since - 1)) return heldAlone(closed(failed, at), failed, at);
  return openedAgain(failed, verdict, at);
}

/** As many failures in a row as of a closed one: a single one would stop a host that has some errors at every ramp. What began before the ramp says nothing about now. */
function judgeRamping(circuit: Circuit, attempted: Attempted, at: At): Changed {
  const { verdict, probeOf, begunAt, client } = attempted;
  const isOld = probeOf !== undefined || begunAt + IMPRECISION_MS < circuit.since;
  if (isOld || verdict.kind === 'neutral') return { circuit };
  if (verdict.kind === 'success') return { circuit: relieved(circuit, client, at) };
  const failed = counted(circuit, client, verdict.note);
  const isEnough = failed.failures >= at.settings.failureThreshold || verdict.holdHostMs !== undefined;
  if (!isEnough) return { circuit: failed };
  return ownFault(failed, attempted, at) ?? openedAgain(failed, verdict, at);
}

interface Started extends Changed {
  /** It is a probe, of the half-open window that began then. */
  readonly probeOf?: number;
}

/**
 * A task begins to call the host, and its circuit does not let everything through. A window that has ended is followed by the
 * next: a probe that hangs for as long as its task may last must not keep a host that is back.
 */
export function afterStart(circuit: Circuit, { now, settings }: At): Started {
  if (circuit.state === 'ramping') {
    const second = rampSecond(circuit, now);
    const sent = circuit.second === second ? circuit.sent + 1 : 1;
    return { circuit: { ...circuit, second, sent } };
  }
  if (circuit.state === 'half_open' && circuit.until > now)
    return { circuit: { ...circuit, sent: circuit.sent + 1 }, probeOf: circuit.since };
  const window = { since: now, until: now + settings.timeoutMs, sent: 1, successes: 0 };
  const isNew = circuit.state !== 'half_open';
  return {
    circuit: { ...circuit, ...window, state: 'half_open' },
    ...(isNew && { change: 'half_open' }),
    probeOf: now,
  };
}

export interface OpenedByHand {
  /** Infinity = until somebody says otherwise. */
  readonly until: number;
  /** Who. */
  readonly by: string;
  /** Why. */
  readonly note: string;
}

/** Somebody opens it. Saying the same again changes nothing. */
export function forceOpen(
  circuit: Circuit | undefined,
  { until, by: openedBy, note }: OpenedByHand,
  at: At,
): Changed {
  const current = asOf(circuit, at);
  const isSo = current.state === 'open' && current.openedBy !== '';
  if (isSo && current.until === until && current.note === note) return { circuit: current };
  const open = opened(current, at.settings.timeoutMs, { kind: 'neutral' }, at);
  return { ...open, circuit: { ...open.circuit, until, note, openedBy } };
}

/** Somebody says that the host is well again: what waits for it is let in as after an outage. */
export function forceClose(circuit: Circuit | undefined, at: At): Next {
  const current = asOf(circuit, at);
  if (current.state === 'ramping') return { circuit: current };
  if (current.state !== 'closed') return worthKeeping(closed(current, at), at);
  return worthKeeping({ circuit: { ...current, failures: 0 } }, at);
}

/** Somebody wants all forgotten that there is against the host. */
export function forceReset(circuit: Circuit | undefined): Next {
  const isOpen = circuit?.state === 'open' || circuit?.state === 'half_open';
  return { circuit: undefined, ...(isOpen && { change: 'closed' }) };
}

/** Who waits for the host, and who asks it. */
export interface Load {
  readonly parked: number;
  readonly probes: number;
}

/** Forgets what is over, and a circuit that nobody has had a task for since it could have been probed. */
export function afterSilence(circuit: Circuit, { parked, probes }: Load, at: At): Next {
  const current = asOf(circuit, at);
  const isIdle = parked === 0 && probes === 0 && silentSince(current) + at.settings.intervalMs <= at.now;
  if (!isIdle) return worthKeeping({ circuit: current }, at);
  return worthKeeping({ circuit: cleared(current, at), change: 'closed' }, at);
}

function silentSince({ state, since, until }: Circuit): number {
  if (state === 'half_open') return since;
  return state === 'open' ? until : Infinity;
}
