import type { Config } from '../config/config.js';
import { type Circuit, stateAt } from '../queue/gates/circuit.js';
import type { CircuitChange, HostVerdict } from '../task/host-verdict.js';

// The states that a circuit comes into.

/** Durations are milliseconds. */
export interface CircuitSettings {
  /** So many failures in a row open a circuit; 0 = circuits open only when somebody says so. */
  readonly failureThreshold: number;
  /** Failures of a closed circuit are forgotten so long after the first of them. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** A circuit that opens again stays open for twice as long as before, up to this; 0 = always as long. */
  readonly timeoutMaxMs: number;
  readonly maxRequests: number;
  /** How many tasks begin in the first second after it closes, twice as many in each that follows; 0 = all at once. */
  readonly rampStep: number;
}

export function circuitSettings({ circuitBreaker }: Config): CircuitSettings {
  const { failureThreshold, intervalSec, timeoutSec, timeoutMaxSec, maxRequests, rampStep } = circuitBreaker;
  const ms = (seconds: number) => Math.round(seconds * 1000);
  const times = { intervalMs: ms(intervalSec), timeoutMs: ms(timeoutSec), timeoutMaxMs: ms(timeoutMaxSec) };
  return { failureThreshold, ...times, maxRequests, rampStep };
}

/** When it happens, and by which rules. */
export interface At {
  readonly now: number;
  readonly settings: CircuitSettings;
}

export interface Next {
  /** Nothing: the circuit is closed, and there is nothing against the host. */
  readonly circuit: Circuit | undefined;
  /** The state that it has come into, if it has changed. */
  readonly change?: CircuitChange;
  /** A client has to leave the host alone until then, Unix milliseconds; others need not. */
  readonly held?: { readonly client: string; readonly until: number };
}

export interface Changed extends Next {
  readonly circuit: Circuit;
}

/** As it is when nobody has looked at it for a while. */
export function asOf(circuit: Circuit | undefined, at: At): Circuit {
  const isRampOver = circuit?.state === 'ramping' && stateAt(circuit, at.now) === 'closed';
  if (!circuit || isRampOver) return cleared(circuit, at);
  const isForgotten = circuit.state === 'closed' && circuit.since + at.settings.intervalMs <= at.now;
  return isForgotten ? { ...circuit, failures: 0 } : circuit;
}

const NOTHING: Omit<Circuit, 'since' | 'heldUntil' | Witness> = {
  state: 'closed',
  openedAt: 0,
  until: 0,
  timeoutMs: 0,
  failures: 0,
  maxRequests: 0,
  sent: 0,
  successes: 0,
  rampStep: 0,
  second: 0,
  openedBy: '',
  note: '',
};

/** Of failures in a row: they are not all of one client. */
export const SEVERAL = '*';

/** Who was answered how; see own-fault.ts. */
type Witness = 'failedBy' | 'wellBy' | 'wellAt';
function witnesses({ failedBy, wellBy, wellAt }: Pick<Circuit, Witness>): Pick<Circuit, Witness> {
  return { failedBy, wellBy, wellAt };
}

const NOBODY = { failedBy: '', wellBy: '', wellAt: 0, heldUntil: 0 };

/** Closed; only what clients were asked for, and who was answered how, is not forgotten. */
export function cleared(circuit: Circuit | undefined, { now }: At): Circuit {
  const kept = circuit ?? NOBODY;
  return { ...NOTHING, ...witnesses(kept), since: now, heldUntil: kept.heldUntil };
}

/** @param timeoutMs for how long, unless the host asks for longer */
export function opened(circuit: Circuit, timeoutMs: number, verdict: HostVerdict, at: At): Changed {
  const { now, settings } = at;
  const open: Circuit = {
    ...NOTHING,
    state: 'open',
    since: now,
    openedAt: circuit.openedAt || now,
    until: now + Math.max(timeoutMs, verdict.holdHostMs ?? 0),
    timeoutMs: timeoutMs || settings.timeoutMs,
    failures: circuit.failures,
    maxRequests: settings.maxRequests,
    rampStep: settings.rampStep,
    ...witnesses(circuit),
    // That is no one client's fault.
    ...(verdict.holdHostMs !== undefined && { failedBy: SEVERAL }),
    heldUntil: circuit.heldUntil,
    note: verdict.note ?? '',
  };
  return { circuit: open, change: 'open' };
}

/** An open one whose host asks to be left alone: whoever was told so, it is no one client's fault. */
export function heldLonger(circuit: Circuit, holdMs: number, { now }: At): Changed {
  return { circuit: { ...circuit, until: Math.max(circuit.until, now + holdMs), failedBy: SEVERAL } };
}

/** @param circuit the failure is counted already */
export function openedAgain(circuit: Circuit, verdict: HostVerdict, at: At): Changed {
  const { timeoutMs, timeoutMaxMs } = at.settings;
  const forMs = timeoutMaxMs > timeoutMs ? Math.min(circuit.timeoutMs * 2, timeoutMaxMs) : timeoutMs;
  return opened(circuit, forMs, verdict, at);
}

/** Closed, and what waits is let in step by step. */
export function closed(circuit: Circuit, at: At): Changed {
  const { rampStep } = at.settings;
  if (rampStep === 0) return { circuit: cleared(circuit, at), change: 'closed' };
  const { openedAt, timeoutMs, maxRequests, heldUntil, openedBy } = circuit;
  const ramp = { ...NOTHING, state: 'ramping', since: at.now, rampStep } as const;
  // Who had opened it by hand and why, is over.
  const note = openedBy === '' ? circuit.note : '';
  return {
    circuit: { ...ramp, ...witnesses(circuit), openedAt, timeoutMs, maxRequests, heldUntil, note },
    change: 'closed',
  };
}

/** Nothing is kept of a host that there is nothing against, nor that speaks for it. */
export function worthKeeping({ circuit, ...told }: Changed, { now, settings }: At): Next {
  const { state, failures, heldUntil, wellBy, wellAt } = circuit;
  const isVouchedFor = wellBy !== '' && wellAt + settings.intervalMs > now;
  const isNothing = state === 'closed' && failures === 0 && heldUntil <= now && !isVouchedFor;
  return { circuit: isNothing ? undefined : circuit, ...told };
}
