import { type Circuit, letThrough, type Passage } from './circuit.js';
import type { GateLimits } from './gate.js';

// The rules of lua/include/rooms.lua once more, for those who only want to know. A test holds the two equal.

/** What may wait in a lane for a gate without a cap. */
const OPEN_WINDOW = 1000;

/** A gate as the store has it at one moment. */
export interface GateReading {
  /** Nothing = the gate is open. */
  readonly limits: GateLimits | undefined;
  /** Tasks that hold a slot of it. */
  readonly running: number;
  /** Theoretical arrival time of its rate, Unix milliseconds. */
  readonly tat: number;
  /** Tasks that were let into `wait` of the lane in question. */
  readonly window: number;
  /** Of a client, while tasks of others wait: how many of its tasks the fleet runs at most. */
  readonly share?: number;
  /** Clients are counted also without limits. */
  readonly isClient: boolean;
  /** Of a host, if there is anything against it. */
  readonly circuit?: Circuit;
  /** Of a host: probes that are under way. */
  readonly probes?: number;
  /** Of a host: until when it has asked the client in question to wait, Unix milliseconds. */
  readonly heldUntil?: number;
}

/** Why a gate does not let a task pass. */
export interface Refusal {
  readonly reason:
    | ('shut' | 'at_capacity' | 'fleet_share' | 'rate_limited')
    | ('circuit_open' | 'circuit_half_open' | 'ramping' | 'client_held');
  /** When it lets one pass by itself, Unix milliseconds. */
  readonly at?: number;
}

/** For how many more tasks a gate has room, and without any, why. */
export interface Room {
  readonly free: number;
  readonly refusal?: Refusal;
}

/** How many more tasks of a lane a gate lets into `wait`. */
export function room(gate: GateReading, now: number): Room {
  const hold = clientHold(gate, now);
  const own = roomOfGate(gate, now);
  return hold && !own.refusal ? { free: 0, refusal: hold } : own;
}

function roomOfGate(gate: GateReading, now: number): Room {
  if (!isCounted(gate)) return { free: OPEN_WINDOW };
  const shut = shutUntil(gate, now);
  if (shut) return { free: 0, refusal: shut };
  const circuit = roomOfCircuit(gate, now);
  return leastOf(circuit, roomOfRate(gate, now) ?? ANY, roomOfSlots(gate));
}

const ANY: Room = { free: Infinity };

/** The first that has none, or the least. */
function leastOf(...rooms: readonly Room[]): Room {
  const none = rooms.find(({ refusal }) => refusal);
  return none ?? { free: Math.min(...rooms.map(({ free }) => free)) };
}

/** Hosts are counted while their circuit is not closed. */
function isCounted({ limits, isClient, circuit }: GateReading): boolean {
  return limits !== undefined || isClient || (circuit !== undefined && circuit.state !== 'closed');
}

function roomOfCircuit({ circuit, probes = 0, window }: GateReading, now: number): Room {
  const { free, reason, at }: Passage = circuit ? letThrough(circuit, probes, now) : { free: Infinity };
  if (free - window > 0 || !reason) return { free: free - window };
  return { free: 0, refusal: { reason, ...(at !== undefined && { at }) } };
}

function clientHold({ heldUntil }: GateReading, now: number): Refusal | undefined {
  return heldUntil !== undefined && heldUntil > now ? { reason: 'client_held', at: heldUntil } : undefined;
}

function roomOfRate(gate: GateReading, now: number): Room | undefined {
  const rate = tokens(gate, now);
  if (!rate) return undefined;
  const free = rate.free - gate.window;
  if (free > 0) return { free };
  return { free: 0, refusal: { reason: 'rate_limited', at: rate.at + gate.window * rate.intervalMs } };
}

function roomOfSlots({ limits, running, window, share = Infinity }: GateReading): Room {
  const free = (limits?.maxRunning === undefined ? OPEN_WINDOW : limits.maxRunning - running) - window;
  if (free <= 0) return { free, refusal: { reason: 'at_capacity' } };
  const ofFleet = share - running - window;
  return ofFleet > 0
    ? { free: Math.min(free, ofFleet) }
    : { free: ofFleet, refusal: { reason: 'fleet_share' } };
}

/** Why a gate does not let a task start that waits already; nothing when it does. */
export function startRefusal(gate: GateReading, now: number): Refusal | undefined {
  const asIfNoneWaited = { ...gate, window: 0 };
  const shut = shutUntil(gate, now) ?? roomOfCircuit(asIfNoneWaited, now).refusal;
  const slots = roomOfSlots(asIfNoneWaited);
  return shut ?? slots.refusal ?? roomOfRate(asIfNoneWaited, now)?.refusal ?? clientHold(gate, now);
}

function shutUntil({ limits }: GateReading, now: number): Refusal | undefined {
  const { isShut = false, shutUntil: at } = limits ?? {};
  if (!isShut || (at !== undefined && at <= now)) return undefined;
  return { reason: 'shut', ...(at !== undefined && { at }) };
}

interface Tokens {
  readonly free: number;
  readonly at: number;
  readonly intervalMs: number;
}

/** How many tasks a rate lets start now, and when it lets the next one start if none. */
function tokens({ limits, tat: stored }: GateReading, now: number): Tokens | undefined {
  if (limits?.perSecond === undefined) return undefined;
  const intervalMs = 1000 / limits.perSecond;
  const burst = limits.burst ?? 1;
  const tat = Math.max(stored, now);
  const free = Math.floor((now + burst * intervalMs - tat) / intervalMs + 1e-6);
  return { free, at: tat - (burst - 1) * intervalMs, intervalMs };
}
