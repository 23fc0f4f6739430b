// The circuit of a host as the scripts keep it, and what it lets through: lua/include/circuits.lua once more. What
// changes it is in src/circuit-breaker. Tests hold the two equal.

export const CIRCUIT_STATES = ['closed', 'open', 'half_open', 'ramping'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** Times are Unix milliseconds. A host without a circuit is closed, and there is nothing against it. */
export interface Circuit {
  /** As it was stored; see {@link stateAt}. */
  readonly state: CircuitState;
  /** Closed: since when failures are counted. Otherwise: since when it is in this state. */
  readonly since: number;
  /** When the outage began that is not over yet; 0 while closed. */
  readonly openedAt: number;
  /**
   * Open: when it may be probed; Infinity = not before somebody says so. Half-open: when its window ends, and the next one may
   * begin. Otherwise 0.
   */
  readonly until: number;
  /** How long it stays open this time, unless it was asked to stay open for longer. */
  readonly timeoutMs: number;
  /** Consecutive ones. */
  readonly failures: number;
  /** Half-open: how many probes go out at once, and how many have to succeed. */
  readonly maxRequests: number;
  /** Half-open: probes that went out and did not come back without a verdict. Ramping: tasks begun in `second`. */
  readonly sent: number;
  /** Half-open: probes that succeeded. */
  readonly successes: number;
  /** Ramping: how many tasks may begin in the first second; twice as many in each that follows. */
  readonly rampStep: number;
  /** Ramping: the second, counted from 0, in which a task began last. */
  readonly second: number;
  /** Until then, tasks of some clients are held back (hash `holds`). */
  readonly heldUntil: number;
  /** When the host has answered the client `wellBy` well; kept while it matters. */
  readonly wellAt: number;
  /** Who has opened it by hand, without `;`, until it is closed or failures open it again; '' = failures have. */
  readonly openedBy: string;
  /** The client whose failures these are, of an open one that of the last; `*` = of several, '' = nobody's. */
  readonly failedBy: string;
  /** A client that the host has answered well since, '' = none. */
  readonly wellBy: string;
  /** The status or code of the last failure; of one that was opened by hand: why. */
  readonly note: string;
}

/** A ramp is over when its next second would let more than this through. */
const RAMP_ENDS_ABOVE = 1000;

const LETTERS = { closed: 'c', open: 'o', half_open: 'h', ramping: 'r' } as const;
const STATES = { c: 'closed', o: 'open', h: 'half_open', r: 'ramping' } as const;

/** In the order in which they are stored, between the state and the note. */
const NUMBERS = [
  ...(['since', 'openedAt', 'until', 'timeoutMs', 'failures', 'maxRequests', 'sent', 'successes'] as const),
  ...(['rampStep', 'second', 'heldUntil', 'wellAt'] as const),
];

/** As the scripts read it. */
export function encodeCircuit(circuit: Circuit): string {
  const numbers = NUMBERS.map((name) => (circuit[name] === Infinity ? '' : circuit[name]));
  const { openedBy, failedBy, wellBy, note } = circuit;
  return [LETTERS[circuit.state], ...numbers, openedBy, failedBy, wellBy, note].join(';');
}

/** The circuit that the scripts wrote. */
export function decodeCircuit(text: string): Circuit {
  const [letter, ...rest] = text.split(';');
  const numbers = NUMBERS.map((name, at) => [name, rest[at] === '' ? Infinity : Number(rest[at])] as const);
  const [openedBy = '', failedBy = '', wellBy = '', ...note] = rest.slice(NUMBERS.length);
  return {
    state: STATES[letter as keyof typeof STATES],
    ...(Object.fromEntries(numbers) as Record<(typeof NUMBERS)[number], number>),
    openedBy,
    failedBy,
    wellBy,
    note: note.join(';'),
  };
}

/** The state that it is in: an open one may be probed when its time has come, and a ramp comes to its end. */
export function stateAt(circuit: Circuit, now: number): CircuitState {
  const { state, until } = circuit;
  if (state === 'open' && until <= now) return 'half_open';
  if (state === 'ramping' && mostInSecond(circuit, rampSecond(circuit, now)) > RAMP_ENDS_ABOVE)
    return 'closed';
  return state;
}

/** Which second of the ramp it is, counted from 0. */
export function rampSecond({ since }: Circuit, now: number): number {
  return Math.max(0, Math.floor((now - since) / 1000));
}

/** How many tasks may begin in that second of the ramp. */
export function mostInSecond({ rampStep }: Circuit, second: number): number {
  return rampStep * 2 ** second;
}

/** When everything is let through again, Unix milliseconds. */
export function rampEnd(circuit: Circuit): number {
  const seconds = Math.floor(Math.log2(RAMP_ENDS_ABOVE / circuit.rampStep)) + 1;
  return circuit.since + Math.max(0, seconds) * 1000;
}

/** How many more tasks may call the host now, and why not more. */
export interface Passage {
  readonly free: number;
  readonly reason?: 'circuit_open' | 'circuit_half_open' | 'ramping';
  /** When that changes by itself. */
  readonly at?: number;
}

/** @param probes under way to the host, of earlier windows too */
export function letThrough(circuit: Circuit, probes: number, now: number): Passage {
  switch (stateAt(circuit, now)) {
    case 'closed':
      return { free: Infinity };
    case 'open':
      return { free: 0, reason: 'circuit_open', ...(circuit.until < Infinity && { at: circuit.until }) };
    case 'half_open':
      return probing(circuit, probes, now);
    case 'ramping': {
      const second = rampSecond(circuit, now);
      const begun = circuit.second === second ? circuit.sent : 0;
      const free = mostInSecond(circuit, second) - begun;
      return { free, reason: 'ramping', at: circuit.since + (second + 1) * 1000 };
    }
  }
}

/**
 * At most `maxRequests` go out in one window. One whose worker was lost is not counted as sent, as neither has it a verdict nor
 * is it under way; with probes of earlier windows under way nobody can tell, and it is replaced in the next one at the latest.
 */
function probing(
  { maxRequests, sent, successes, ...circuit }: Circuit,
  probes: number,
  now: number,
): Passage {
  const reason = 'circuit_half_open';
  if (circuit.state === 'open' || circuit.until <= now) return { free: maxRequests, reason };
  return { free: maxRequests - Math.min(sent, successes + probes), reason, at: circuit.until };
}
