import type { Lane } from '../task/lane.js';
import { isFinal, type TaskState } from '../task/task-state.js';
import { decodeCircuit } from './gates/circuit.js';
import { type GateReading, room, type Refusal, startRefusal } from './gates/decide.js';
import { decodeLimits } from './gates/gate.js';

/** Why a task is not running, or what became of it. Times are Unix milliseconds. */
export interface TaskExplanation {
  readonly state: TaskState;
  readonly lane: Lane;
  /** In the order in which the dispatcher asks them; none of a finished task. */
  readonly gates: readonly GateVerdict[];
  /** The gate that holds it: of deferred tasks. */
  readonly heldBy?: GateVerdict;
  /** When it is due: of scheduled and retrying tasks. */
  readonly dueAt?: number;
  /** Tasks that are fetched before it in its lane: of pending ones. */
  readonly waitingAheadInLane?: number;
  /** How many tasks all workers that take any can run at once; 0 = none takes any. */
  readonly slots: number;
  /** Tasks that the gate lets in before it: of deferred ones. */
  readonly parkedAhead?: number;
  /** When it may start at the earliest, as far as that can be known. */
  readonly eta?: number;
}

export interface GateVerdict {
  readonly kind: 'queue' | 'client' | 'host';
  readonly name: string;
  /** What keeps the task from passing; nothing when it may pass, or has. */
  readonly refusal?: Refusal;
  readonly running: number;
  readonly maxRunning?: number;
  readonly perSecond?: number;
  /** Of a host whose circuit is not closed. */
  readonly cause?: OutageCause;
}

/** Why the circuit of a host is not closed. */
interface OutageCause {
  /** Somebody has opened it; otherwise failures have. */
  readonly isByHand: boolean;
  /** The status or code of the last failure, or what whoever has opened it says; '' = nothing. */
  readonly note: string;
}

/** What the script of that name returns. */
export type RawExplanation = [
  state: TaskState,
  due: string,
  now: string,
  lane: Lane,
  park: string,
  aheadInLane: number | '',
  aheadUnderGate: number | '',
  gates: string[],
  slots: number,
];

const KINDS = { q: 'queue', c: 'client', h: 'host' } as const;
const GATE_VALUES = 9;
/** Parked under this is what a host has asked the client to wait with: a reason of the host. */
const HOLD = 'k:';

export function explanationOf(raw: RawExplanation): TaskExplanation {
  const [state, due, now, lane, park, aheadInLane, aheadUnderGate, values, slots] = raw;
  const gates = isFinal(state) ? [] : verdicts(values, state, Number(now));
  const heldBy = gates.find(({ id }) => id === holderIn(park, gates))?.verdict;
  const parts = {
    ...(heldBy && { heldBy }),
    ...(due !== '' && { dueAt: Number(due) }),
    ...(aheadInLane !== '' && { waitingAheadInLane: aheadInLane }),
    ...(aheadUnderGate !== '' && { parkedAhead: aheadUnderGate }),
  };
  const eta = etaOf(parts, gates, Number(now));
  const inOrder = gates.map(({ verdict }) => verdict);
  return { state, lane, slots, gates: inOrder, ...parts, ...(eta !== undefined && { eta }) };
}

function holderIn(park: string, gates: readonly Verdict[]): string | undefined {
  return park.startsWith(HOLD) ? gates.at(-1)?.id : park;
}

interface Verdict {
  readonly id: string;
  readonly verdict: GateVerdict;
}

function verdicts(values: readonly string[], state: TaskState, now: number): Verdict[] {
  const all: Verdict[] = [];
  for (let at = 0; at < values.length; at += GATE_VALUES) {
    const [id = '', ...told] = values.slice(at, at + GATE_VALUES);
    const reading = readingOf(id, told);
    const refusal = refusalOf(reading, state, now);
    all.push({ id, verdict: { ...verdictOf(id, reading, refusal), ...causeOf(reading, refusal) } });
  }
  return all;
}

function readingOf(id: string, told: readonly string[]): GateReading {
  const [limits = '', running, tat, window, share = '', circuit = '', probes, heldUntil = ''] = told;
  return {
    limits: decodeLimits(limits),
    running: Number(running),
    tat: Number(tat),
    window: Number(window),
    isClient: id.startsWith('c:'),
    ...(share !== '' && { share: Number(share) }),
    ...(circuit !== '' && { circuit: decodeCircuit(circuit), probes: Number(probes) }),
    ...(heldUntil !== '' && { heldUntil: Number(heldUntil) }),
  };
}

/** One that runs has passed; one that waits needs a slot; every other needs room to be let in first. */
function refusalOf(reading: GateReading, state: TaskState, now: number): Refusal | undefined {
  if (state === 'running') return undefined;
  return state === 'pending' ? startRefusal(reading, now) : room(reading, now).refusal;
}

function verdictOf(id: string, { limits, running }: GateReading, refusal: Refusal | undefined): GateVerdict {
  return {
    kind: KINDS[id.charAt(0) as keyof typeof KINDS],
    name: id.slice(2),
    running,
    ...(refusal && { refusal }),
    ...(limits?.maxRunning !== undefined && { maxRunning: limits.maxRunning }),
    ...(limits?.perSecond !== undefined && { perSecond: limits.perSecond }),
  };
}

const OF_CIRCUIT: readonly string[] = ['circuit_open', 'circuit_half_open', 'ramping'];

function causeOf({ circuit }: GateReading, refusal: Refusal | undefined): Pick<GateVerdict, 'cause'> {
  if (!circuit || !refusal || !OF_CIRCUIT.includes(refusal.reason)) return {};
  return { cause: { isByHand: circuit.openedBy !== '', note: circuit.note } };
}

/** These hold whatever else happens. */
const HOLDS: readonly string[] = ['shut', 'circuit_open', 'client_held'];

/** Of a task that is not due yet: when it is, or later, when what holds it now ends; nothing if that does not by itself. */
function etaWhenDue(dueAt: number, gates: readonly Verdict[]): number | undefined {
  const refusals = gates.flatMap(({ verdict: { refusal } }) => refusal ?? []);
  const ends = refusals.filter(({ reason }) => HOLDS.includes(reason)).map(({ at = Infinity }) => at);
  const eta = Math.max(dueAt, ...ends);
  return eta < Infinity ? eta : undefined;
}

type Known = Pick<TaskExplanation, 'dueAt' | 'heldBy' | 'parkedAhead'>;

function etaOf(known: Known, gates: readonly Verdict[], now: number): number | undefined {
  return known.dueAt === undefined ? etaWhenHeld(known, now) : etaWhenDue(known.dueAt, gates);
}

/**
 * A rate lets those ahead go first, evenly spaced. When a slot comes free, or a probe comes back, nobody can know; the next
 * probes go out when their window ends.
 */
function etaWhenHeld({ heldBy, parkedAhead = 0 }: Known, now: number): number | undefined {
  const { at } = heldBy?.refusal ?? {};
  if (at === undefined) return undefined;
  const wait = heldBy?.perSecond === undefined ? 0 : (parkedAhead * 1000) / heldBy.perSecond;
  return Math.max(now, Math.ceil(at + wait));
}
