import fc from 'fast-check';
import { type Circuit, letThrough, stateAt } from '../../src/queue/gates/circuit.js';
import {
  afterAttempt,
  afterSilence,
  afterStart,
  type Attempted,
  forceClose,
  forceOpen,
  forceReset,
  type Load,
} from '../../src/circuit-breaker/circuit-rules.js';
import type { At, CircuitSettings, Next } from '../../src/circuit-breaker/circuit-states.js';
import type { HostVerdict } from '../../src/task/host-verdict.js';

// What may happen to a host, made up: attempts begin as far as its circuit lets them, end in any order, workers are
// lost, people interfere, and time passes.

/** One thing that happens to the circuit, and when. */
export type CircuitEvent = { readonly now: number } & (
  | { readonly kind: 'attempt'; readonly attempted: Attempted }
  | { readonly kind: 'start' }
  | { readonly kind: 'open'; readonly until: number; readonly by: string; readonly note: string }
  | { readonly kind: 'close' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence'; readonly load: Load }
);

/** The same for both forms of the rules: what becomes of the circuit. */
export interface EventResult extends Next {
  readonly probeOf?: number;
}

type Happens = {
  readonly [K in CircuitEvent['kind']]: (
    circuit: Circuit | undefined,
    event: Extract<CircuitEvent, { kind: K }>,
    at: At,
  ) => EventResult;
};

const HAPPENS: Happens = {
  attempt: (circuit, { attempted }, at) => afterAttempt(circuit, attempted, at),
  start: (circuit, _event, at) => (circuit ? afterStart(circuit, at) : { circuit }),
  open: forceOpen,
  close: (circuit, _event, at) => forceClose(circuit, at),
  reset: (circuit) => forceReset(circuit),
  silence: (circuit, { load }, at) => (circuit ? afterSilence(circuit, load, at) : { circuit }),
};

/** The rules in TypeScript. */
export function happen(
  circuit: Circuit | undefined,
  event: CircuitEvent,
  settings: CircuitSettings,
): EventResult {
  const act = HAPPENS[event.kind] as (...given: [Circuit | undefined, CircuitEvent, At]) => EventResult;
  return act(circuit, event, { now: event.now, settings });
}

export const settingsArbitrary: fc.Arbitrary<CircuitSettings> = fc.record({
  failureThreshold: fc.constantFrom(0, 1, 2, 5, 5),
  intervalMs: fc.constantFrom(1000, 60_000),
  timeoutMs: fc.constantFrom(100, 30_000),
  timeoutMaxMs: fc.constantFrom(0, 50, 120_000),
  maxRequests: fc.integer({ min: 1, max: 4 }),
  rampStep: fc.constantFrom(0, 1, 10, 600),
});

const hold = fc.constantFrom(1, 5000, 3_600_000);
export const verdictArbitrary: fc.Arbitrary<HostVerdict> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'failure', note: 'connect_failed' } as const) },
  { weight: 4, arbitrary: fc.constant({ kind: 'success' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'neutral' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failure' as const), holdHostMs: hold }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('success' as const), holdClientMs: hold }) },
);

/** What somebody wants to happen; what then does depends on what was before. */
export type Wish =
  | { readonly kind: 'begin'; readonly client: string }
  | { readonly kind: 'lose'; readonly nth: number }
  | { readonly kind: 'end'; readonly nth: number; readonly verdict: HostVerdict; readonly isFull?: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'open'; readonly forMs: number }
  | { readonly kind: 'close' | 'reset' }
  | { readonly kind: 'look'; readonly parked: number };

const nth = fc.nat({ max: 20 });
const isFull = fc.constantFrom(false, false, false, false, true);
const client = fc.constantFrom('client-a', 'client-a', 'client-b', 'client-c', '');
const wait = fc.oneof(
  fc.constantFrom(1, 99, 100, 999, 1000, 30_000, 60_000),
  fc.nat({ max: 5000 }),
  fc.nat({ max: 200_000 }),
);
export const wishes: fc.Arbitrary<Wish[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('begin' as const), client }) },
    {
      weight: 10,
      arbitrary: fc.record({ kind: fc.constant('end' as const), nth, verdict: verdictArbitrary, isFull }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: wait }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), nth }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('open' as const), forMs: fc.constantFrom(1, 5000, Infinity) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'reset' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('look' as const), parked: fc.constantFrom(0, 0, 3) }),
    },
  ),
  { maxLength: 120, size: '+2' },
);

export interface UnderWay {
  readonly client: string;
  readonly begunAt: number;
  readonly probeOf?: number;
}

/** A host and its circuit, through a story. */
export class CircuitStory {
  circuit: Circuit | undefined;
  now = Date.UTC(2030, 0, 1);
  readonly underWay: UnderWay[] = [];
  /** Attempts that ended without anybody being told. */
  lost = 0;

  constructor(
    readonly settings: CircuitSettings,
    private readonly tell: (event: CircuitEvent, before: Circuit | undefined, result: EventResult) => unknown,
  ) {}

  get probes(): number {
    return this.underWay.filter(({ probeOf }) => probeOf !== undefined).length;
  }

  /** How many more tasks may begin. */
  get free(): number {
    return this.circuit ? letThrough(this.circuit, this.probes, this.now).free : Infinity;
  }

  get state(): string {
    return this.circuit ? stateAt(this.circuit, this.now) : 'closed';
  }

  async play(story: readonly Wish[]): Promise<void> {
    for (const wish of story) {
      if (wish.kind === 'wait') this.now += wish.ms;
      else if (wish.kind === 'begin') await this.begin(wish.client);
      else if (wish.kind === 'lose') this.lost += Number(this.take(wish.nth) !== undefined);
      else await this.interfere(wish);
    }
  }

  private async interfere(wish: Exclude<Wish, { kind: 'wait' | 'begin' | 'lose' }>): Promise<void> {
    const { now } = this;
    if (wish.kind === 'open') {
      const until = now + wish.forMs;
      await this.let({ kind: 'open', now, until, by: '3f0c9f1d7a52', note: 'planned; see #7' });
      // Said again it is no change.
      await this.let({ kind: 'open', now, until, by: '-', note: 'planned; see #7' });
    } else if (wish.kind === 'look') {
      await this.let({ kind: 'silence', now, load: { parked: wish.parked, probes: this.probes } });
    } else if (wish.kind === 'end') {
      const taken = this.take(wish.nth);
      const { verdict, isFull = false } = wish;
      if (taken) await this.let({ kind: 'attempt', now, attempted: { ...taken, verdict, isFull } });
    } else {
      await this.let({ kind: wish.kind, now });
    }
  }

  private async begin(client: string): Promise<void> {
    if (this.free <= 0) return;
    const isCounted = this.circuit !== undefined && this.state !== 'closed';
    const { probeOf } = isCounted ? await this.let({ kind: 'start', now: this.now }) : { probeOf: undefined };
    this.underWay.push({ client, begunAt: this.now, ...(probeOf !== undefined && { probeOf }) });
  }

  private take(nth: number): UnderWay | undefined {
    return this.underWay.splice(nth % Math.max(1, this.underWay.length), 1)[0];
  }

  private async let(event: CircuitEvent): Promise<EventResult> {
    const before = this.circuit;
    const result = happen(before, event, this.settings);
    this.circuit = result.circuit;
    await this.tell(event, before, result);
    return result;
  }
}
