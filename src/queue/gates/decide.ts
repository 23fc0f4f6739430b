import type { GateLimits } from './gate.js';

// The rules of lua/include/gates.lua once more, for those who only want to know. A test holds the two equal.

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
}

/** Why a gate does not let a task pass. */
export interface Refusal {
  readonly reason: 'shut' | 'at_capacity' | 'fleet_share' | 'rate_limited';
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
  const { limits, running, window } = gate;
  if (!limits && !gate.isClient) return { free: OPEN_WINDOW };
  if (limits && isShut(limits, now)) return { free: 0, refusal: shut(limits) };
  const rate = tokens(gate, now);
  if (rate && rate.free - window <= 0) return { free: 0, refusal: { reason: 'rate_limited', at: rate.at } };
  const most = (limits?.maxRunning === undefined ? OPEN_WINDOW : limits.maxRunning - running) - window;
  if (most <= 0) return { free: most, refusal: { reason: 'at_capacity' } };
  const ofFleet = gate.share === undefined ? most : gate.share - running - window;
  if (ofFleet <= 0) return { free: ofFleet, refusal: { reason: 'fleet_share' } };
  return { free: Math.min(most, ofFleet, rate ? rate.free - window : most) };
}

/** Why a gate does not let a task start that waits already; nothing when it does. */
export function startRefusal(gate: GateReading, now: number): Refusal | undefined {
  const { limits, running, share } = gate;
  if (limits && isShut(limits, now)) return shut(limits);
  if (limits?.maxRunning !== undefined && running >= limits.maxRunning) return { reason: 'at_capacity' };
  if (share !== undefined && running >= share) return { reason: 'fleet_share' };
  const rate = tokens(gate, now);
  return rate && rate.free <= 0 ? { reason: 'rate_limited', at: rate.at } : undefined;
}

function isShut({ isShut: shutNow = false, shutUntil }: GateLimits, now: number): boolean {
  return shutNow && !(shutUntil !== undefined && shutUntil <= now);
}

function shut({ shutUntil }: GateLimits): Refusal {
  return { reason: 'shut', ...(shutUntil !== undefined && { at: shutUntil }) };
}

/** How many tasks a rate lets start now, and when it lets the next one start if none. */
function tokens(
  { limits, tat: stored }: GateReading,
  now: number,
): { readonly free: number; readonly at: number } | undefined {
  if (limits?.perSecond === undefined) return undefined;
  const interval = 1000 / limits.perSecond;
  const burst = limits.burst ?? 1;
  const tat = Math.max(stored, now);
  const free = Math.floor((now + burst * interval - tat) / interval + 1e-6);
  return { free, at: tat - (burst - 1) * interval };
}
