import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CircuitEvent,
  CircuitStory,
  type EventResult,
  settingsArbitrary,
  wishes,
} from '../../test/support/circuit-story.js';
import { type Circuit, decodeCircuit, encodeCircuit, letThrough, stateAt } from '../queue/gates/circuit.js';
import { afterAttempt, afterStart, forceClose, forceOpen } from './circuit-rules.js';
import type { CircuitSettings } from './circuit-states.js';
import type { HostVerdict } from '../task/host-verdict.js';

const CLIENT = 'client-a';
const START = Date.UTC(2030, 0, 1);
const DEFAULTS: CircuitSettings = {
  failureThreshold: 5,
  intervalMs: 60_000,
  timeoutMs: 30_000,
  timeoutMaxMs: 0,
  maxRequests: 3,
  rampStep: 10,
};

interface Happened extends EventResult {
  readonly event: CircuitEvent;
  readonly before: Circuit | undefined;
  readonly story: CircuitStory;
}

interface Judged extends HostVerdict {
  readonly probeOf?: number;
  /** It is a probe of the half-open window that the circuit is in. */
  readonly isOfWindow: boolean;
}

const NO_ATTEMPT: Judged = { kind: 'neutral', isOfWindow: false };

/** Of an attempt that has ended: what it said, as far as anything is held against a host. */
function judged({ event, before, story }: Happened): Judged {
  if (event.kind !== 'attempt') return NO_ATTEMPT;
  const { verdict, probeOf } = event.attempted;
  const isOfWindow = before?.state === 'half_open' && probeOf === before.since;
  const probe = { isOfWindow, ...(probeOf !== undefined && { probeOf }) };
  const isOff = story.settings.failureThreshold === 0 && verdict.kind === 'failure';
  return isOff ? { kind: 'success', ...probe } : { ...verdict, ...probe };
}

/** Neutral, unless it is a probe of the window that the circuit is in. */
function saidByProbe(happened: Happened): HostVerdict['kind'] {
  const { kind, isOfWindow } = judged(happened);
  return isOfWindow ? kind : 'neutral';
}

const beginsWindow = ({ probeOf, before }: Happened) => probeOf !== undefined && probeOf !== before?.since;

const isClosed = (circuit: Circuit | undefined, now: number) =>
  circuit === undefined || stateAt(circuit, now) === 'closed';

/** Whoever was answered well after that may speak for the host: within the interval, or the window. */
function since({ event, before, story }: Happened): number {
  const { intervalMs, timeoutMs } = story.settings;
  const window = before?.state === 'half_open' ? before.since : Infinity;
  return Math.min(event.now - Math.max(intervalMs, timeoutMs), window) - 1;
}

/** @param begin gives, for each story, what has to hold after each event */
async function always(begin: () => (happened: Happened) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(settingsArbitrary, wishes, async (settings, story) => {
      const check = begin();
      const played: CircuitStory = new CircuitStory(settings, (event, before, result) => {
        check({ event, before, ...result, story: played });
      });
      await played.play(story);
    }),
    { numRuns: 500 },
  );
}

describe('whatever happens to a host', () => {
  it('its circuit opens only after enough failures in a row, or because the host or somebody asks for it', () =>
    always(() => {
      let inARow = 0;
      return (happened) => {
        const { before, change, event, story } = happened;
        const { kind, holdHostMs } = judged(happened);
        if (before === undefined || kind === 'success') inARow = 0;
        if (kind === 'failure') inARow++;
        if (event.kind !== 'attempt' || change !== 'open' || !isClosed(before, event.now)) return;
        if (holdHostMs !== undefined) return;
        expect(inARow).toBeGreaterThanOrEqual(Math.max(1, story.settings.failureThreshold));
      };
    }));

  it('no more probes go out in one window than are allowed', () =>
    always(() => {
      const sent = new Map<number, number>();
      const count = (window: number, by: number) => sent.set(window, (sent.get(window) ?? 0) + by);
      return (happened) => {
        const { probeOf, story } = happened;
        const { maxRequests } = story.settings;
        const { kind, isOfWindow, probeOf: window } = judged(happened);
        if (isOfWindow && kind === 'neutral') count(window!, -1);
        if (probeOf === undefined) return;
        count(probeOf, 1);
        // A lost one is replaced.
        expect(sent.get(probeOf)).toBeLessThanOrEqual(maxRequests + story.lost);
      };
    }));

  it('a half-open window lasts as long as the breaker is open, and no longer, whatever its probes do', () =>
    always(() => {
      const sent = new Map<number, number>();
      const count = (window: number, by: number) => sent.set(window, (sent.get(window) ?? 0) + by);
      return (happened) => {
        const { circuit, probeOf, story } = happened;
        if (probeOf !== undefined) count(probeOf, 1);
        const { kind, isOfWindow, probeOf: window } = judged(happened);
        if (isOfWindow && kind === 'neutral') count(window!, -1);
        if (circuit?.state !== 'half_open') return;
        const { timeoutMs, maxRequests } = story.settings;
        const end = circuit.since + timeoutMs;
        expect(letThrough(circuit, 1000, end).free).toBe(maxRequests);
        const full = letThrough(circuit, 1000, end - 1);
        expect(full).toMatchObject({ free: maxRequests - sent.get(circuit.since)!, at: end });
      };
    }));

  it('a probe belongs to the window that is open, or begins the next one', () =>
    always(() => ({ before, event, probeOf, story }) => {
      if (event.kind !== 'start' || before?.state !== 'half_open') return;
      const isOver = event.now >= before.since + story.settings.timeoutMs;
      expect(probeOf).toBe(isOver ? event.now : before.since);
    }));

  it('a half-open circuit closes after enough probes of its window, and no other, have succeeded, or when a client fails alone', () =>
    always(() => {
      let successes = 0;
      return (happened) => {
        const { event, before, change, circuit, story } = happened;
        if (beginsWindow(happened)) successes = 0;
        const said = saidByProbe(happened);
        if (said === 'success') successes++;
        if (event.kind !== 'attempt' || before?.state !== 'half_open') return;
        const isAlone = happened.held !== undefined;
        const isEnough = successes >= story.settings.maxRequests;
        expect([change === 'closed', circuit?.state === 'open']).toEqual(
          isAlone ? [true, false] : [isEnough, said === 'failure'],
        );
      };
    }));

  it('an open circuit lets nothing through before its time, and that is never later than was asked for', () =>
    always(() => (happened) => {
      const { change, circuit, event, story } = happened;
      if (change !== 'open' || !circuit || event.kind !== 'attempt') return;
      const { timeoutMs, timeoutMaxMs, maxRequests } = story.settings;
      expect(letThrough(circuit, 0, event.now)).toMatchObject({ free: 0, at: circuit.until });
      expect(letThrough(circuit, 0, circuit.until - 1).free).toBe(0);
      expect(letThrough(circuit, 0, circuit.until).free).toBe(maxRequests);
      const longest = Math.max(timeoutMs, timeoutMaxMs, judged(happened).holdHostMs ?? 0);
      expect(circuit.until - event.now).toBeLessThanOrEqual(longest);
    }));

  it('in a second of a ramp no more begin than its step lets through', () =>
    always(() => {
      const begun = new Map<string, number>();
      return ({ event, before, change, story }) => {
        if (change === 'closed') begun.clear();
        if (event.kind !== 'start' || before?.state !== 'ramping') return;
        const second = Math.floor((event.now - before.since) / 1000);
        const key = `${before.since} ${second}`;
        begun.set(key, (begun.get(key) ?? 0) + 1);
        expect(begun.get(key)).toBeLessThanOrEqual(story.settings.rampStep * 2 ** second);
      };
    }));

  it('nothing is kept of a closed one that there is nothing against, and what is kept can be read again', () =>
    always(() => ({ circuit, event, story }) => {
      if (!circuit) return;
      expect(decodeCircuit(encodeCircuit(circuit))).toEqual(circuit);
      if (circuit.state !== 'closed') return;
      const isVouchedFor = circuit.wellAt + story.settings.intervalMs > event.now;
      expect(circuit.failures > 0 || circuit.heldUntil > event.now || isVouchedFor).toBe(true);
    }));

  it('a client is held alone only for failures of its own, while the host answers another one well, and then it stays closed', () =>
    always(() => {
      const well = new Map<string, number>();
      return (happened) => {
        const { event, held, circuit, story } = happened;
        if (event.kind !== 'attempt') return;
        const { kind, holdHostMs } = judged(happened);
        if (kind === 'success') well.set(event.attempted.client, event.now);
        if (!held) return;
        expect([held.until, holdHostMs]).toEqual([event.now + story.settings.timeoutMs, undefined]);
        if (kind === 'failure') expect(held.client).toBe(event.attempted.client);
        const others = [...well].filter(
          ([name, at]) => ![held.client, ''].includes(name) && at > since(happened),
        );
        expect(others).not.toEqual([]);
        expect(['closed', 'ramping']).toContain(stateAt(circuit!, event.now));
        expect(circuit!.heldUntil).toBeGreaterThanOrEqual(held.until);
      };
    }));

  it('no client is held alone at a host that answers nobody well, or that only one client calls', () =>
    always(() => {
      const well = new Set<string>();
      const callers = new Set<string>();
      return (happened) => {
        const { event, held } = happened;
        if (event.kind !== 'attempt') return;
        callers.add(event.attempted.client);
        if (judged(happened).kind === 'success') well.add(event.attempted.client);
        if (well.size === 0 || callers.size === 1) expect(held).toBeUndefined();
        if (event.attempted.isFull) expect(held).toBeUndefined();
      };
    }));
});

describe('a circuit', () => {
  const at = (ms: number, settings: Partial<CircuitSettings> = {}) => ({
    now: START + ms,
    settings: { ...DEFAULTS, ...settings },
  });
  const failed = (circuit: Circuit | undefined, ms: number, probeOf?: number, settings = {}) =>
    afterAttempt(
      circuit,
      {
        verdict: { kind: 'failure', note: '500' },
        client: CLIENT,
        begunAt: START + ms,
        ...(probeOf !== undefined && { probeOf }),
      },
      at(ms, settings),
    ).circuit;
  const begun = (circuit: Circuit, now: number) => afterStart(circuit, at(now - START));

  it('opens at the fifth failure in a row, for thirty seconds', () => {
    let circuit: Circuit | undefined;
    for (const ms of [0, 1, 2, 3]) circuit = failed(circuit, ms);
    expect(circuit).toMatchObject({ state: 'closed', failures: 4 });
    circuit = failed(circuit, 4);
    expect(circuit).toMatchObject({ state: 'open', openedAt: START + 4, until: START + 30_004, note: '500' });
    expect(stateAt(circuit!, START + 30_003)).toBe('open');
    expect(stateAt(circuit!, START + 30_004)).toBe('half_open');
  });

  it('forgets failures an interval after the first of them', () => {
    let circuit: Circuit | undefined;
    for (const ms of [0, 1, 2, 3]) circuit = failed(circuit, ms);
    expect(failed(circuit, 59_999)?.state).toBe('open');
    expect(failed(circuit, 60_000)).toMatchObject({ state: 'closed', failures: 1, since: START + 60_000 });
  });

  it('stays open for as long as before; with a longest time, for twice as long up to that', () => {
    const waits = (settings: Partial<CircuitSettings>) => {
      let circuit: Circuit | undefined;
      for (let n = 0; n < 5; n++) circuit = failed(circuit, 0, undefined, settings);
      return Array.from({ length: 4 }, () => {
        const { circuit: probed, probeOf } = begun(circuit!, circuit!.until);
        circuit = failed(probed, probeOf! - START, probeOf, settings);
        return circuit!.until - probeOf!;
      });
    };
    expect(waits({})).toEqual([30_000, 30_000, 30_000, 30_000]);
    expect(waits({ timeoutMaxMs: 100_000 })).toEqual([60_000, 100_000, 100_000, 100_000]);
  });

  it('is held by Retry-After at the first failure, for that long', () => {
    const verdict = { kind: 'failure', holdHostMs: 120_000, note: '503' } as const;
    const { circuit, change } = afterAttempt(undefined, { verdict, client: CLIENT, begunAt: START }, at(0));
    expect(circuit).toMatchObject({ state: 'open', until: START + 120_000, failures: 1 });
    expect(change).toBe('open');
    const off = at(0, { failureThreshold: 0 });
    expect(afterAttempt(undefined, { verdict, client: CLIENT, begunAt: START }, off)).toEqual({
      circuit: undefined,
    });
  });

  it('that somebody has opened for ever lets nothing through', () => {
    const { circuit } = forceOpen(
      undefined,
      { until: Infinity, by: '-', note: 'migration; until Monday' },
      at(0),
    );
    expect(letThrough(circuit, 0, START + 10 ** 12)).toEqual({ free: 0, reason: 'circuit_open' });
    expect(decodeCircuit(encodeCircuit(circuit))).toEqual(circuit);
  });

  it('does not wait for a probe that hangs from an earlier window', () => {
    let circuit: Circuit | undefined;
    for (let n = 0; n < 5; n++) circuit = failed(circuit, 0);
    const hung = begun(circuit!, circuit!.until);
    const other = begun(hung.circuit, circuit!.until);
    circuit = failed(other.circuit, 30_000, other.probeOf);
    // One hangs on; the three of the next window go out as the others come back.
    let next = begun(circuit!, circuit!.until);
    for (let done = 0; done < 2; done++) {
      const attempted = {
        verdict: { kind: 'success' },
        client: CLIENT,
        begunAt: START,
        probeOf: next.probeOf!,
      } as const;
      const after = afterAttempt(next.circuit, attempted, at(60_000)).circuit!;
      expect(letThrough(after, 1, START + 60_000).free).toBeGreaterThan(0);
      next = begun(after, START + 60_000);
    }
    const last = {
      verdict: { kind: 'success' },
      client: CLIENT,
      begunAt: START,
      probeOf: next.probeOf!,
    } as const;
    expect(afterAttempt(next.circuit, last, at(60_000)).change).toBe('closed');
  });

  it('sends new probes when those of a window are not back after thirty seconds, and waits for those', () => {
    let circuit: Circuit | undefined;
    for (let n = 0; n < 5; n++) circuit = failed(circuit, 0);
    let first = begun(circuit!, circuit!.until);
    for (let n = 1; n < 3; n++) first = begun(first.circuit, circuit!.until);
    const window = { since: START + 30_000, end: START + 60_000 };
    expect(first.probeOf).toBe(window.since);
    expect(letThrough(first.circuit, 3, window.end - 1)).toMatchObject({ free: 0, at: window.end });
    expect(letThrough(first.circuit, 3, window.end).free).toBe(3);
    const second = begun(first.circuit, window.end);
    expect(second).toMatchObject({ probeOf: window.end, circuit: { sent: 1, until: window.end + 30_000 } });
    expect(second.change).toBeUndefined();
    // What the old ones say comes too late, good or bad.
    for (const kind of ['success', 'failure'] as const) {
      const late = { verdict: { kind }, client: CLIENT, begunAt: START, probeOf: window.since };
      expect(afterAttempt(second.circuit, late, at(60_001)).circuit).toEqual(second.circuit);
    }
  });

  it('leaves its ramp with some errors, and opens again at the fifth failure in a row', () => {
    const ended = (circuit: Circuit, ms: number, kind: HostVerdict['kind']) =>
      afterAttempt(circuit, { verdict: { kind }, client: CLIENT, begunAt: START + ms }, at(ms)).circuit!;
    const shut = forceOpen(undefined, { until: Infinity, by: '-', note: '' }, at(0)).circuit;
    let circuit: Circuit = forceClose(shut, at(0)).circuit!;
    for (let n = 1; n <= 200; n++) circuit = ended(circuit, 2000, n % 5 === 0 ? 'success' : 'failure');
    expect(circuit).toMatchObject({ state: 'ramping', failures: 0 });
    for (let n = 1; n < 5; n++) circuit = ended(circuit, 2000, 'failure');
    expect(circuit).toMatchObject({ state: 'ramping', failures: 4 });
    // One that began before the ramp, and what says nothing.
    circuit = ended({ ...circuit, since: START + 3001 }, 2000, 'failure');
    circuit = ended(circuit, 3001, 'neutral');
    expect(circuit).toMatchObject({ state: 'ramping', failures: 4 });
    expect(ended(circuit, 3001, 'failure')).toMatchObject({ state: 'open', failures: 5 });
  });
});
