import { describe, expect, it } from 'vitest';
import { type Circuit, stateAt } from '../queue/gates/circuit.js';
import type { HostVerdict } from '../task/host-verdict.js';
import { afterAttempt, afterSilence, afterStart } from './circuit-rules.js';
import type { CircuitSettings, Next } from './circuit-states.js';

const START = Date.UTC(2030, 0, 1);
const SETTINGS: CircuitSettings = {
  failureThreshold: 5,
  intervalMs: 60_000,
  timeoutMs: 30_000,
  timeoutMaxMs: 0,
  maxRequests: 3,
  rampStep: 10,
};
const at = (ms: number) => ({ now: START + ms, settings: SETTINGS });
const FAILURE: HostVerdict = { kind: 'failure', note: '500' };
const SUCCESS: HostVerdict = { kind: 'success' };

/** A host, and what its clients hear of it. Times are milliseconds after the start. */
class Host {
  circuit: Circuit | undefined;

  hears(client: string, verdict: HostVerdict, ms: number, probeOf?: number): Next {
    const probe = probeOf === undefined ? {} : { probeOf };
    const next = afterAttempt(this.circuit, { client, verdict, begunAt: START + ms, ...probe }, at(ms));
    this.circuit = next.circuit;
    return next;
  }

  fails(client: string, times: number, ms: number): Next {
    let next: Next = { circuit: this.circuit };
    for (let n = 0; n < times; n++) next = this.hears(client, FAILURE, ms);
    return next;
  }

  /** @returns the window of the probe */
  begins(ms: number): number {
    const { circuit, probeOf } = afterStart(this.circuit!, at(ms));
    this.circuit = circuit;
    return probeOf!;
  }

  state(ms: number): string {
    return this.circuit ? stateAt(this.circuit, START + ms) : 'closed';
  }
}

const HELD = (client: string, ms: number) => ({ client, until: START + ms + SETTINGS.timeoutMs });

describe('a client whose tasks fail at a host', () => {
  it('is held alone while others are answered well, again and again', () => {
    const host = new Host();
    for (let ms = 0; ms < 300_000; ms += 30_000) {
      host.fails('client-a', 4, ms);
      host.hears('client-b', SUCCESS, ms + 1);
      expect(host.fails('client-a', 5, ms + 2).held).toEqual(HELD('client-a', ms + 2));
      expect(host.state(ms + 3)).toBe('closed');
      host.hears('client-b', SUCCESS, ms + 20_000);
    }
  });

  it('opens the circuit when nobody else was answered lately, nor when others fail as well', () => {
    const alone = new Host();
    expect(alone.fails('client-a', 5, 0)).toMatchObject({ change: 'open' });
    const late = new Host();
    late.fails('client-a', 1, 0);
    late.hears('client-b', SUCCESS, 1);
    expect(late.fails('client-a', 5, 60_001)).toMatchObject({ change: 'open' });
    const several = new Host();
    several.fails('client-a', 1, 0);
    several.hears('client-b', SUCCESS, 1);
    several.fails('client-c', 1, 2);
    expect(several.fails('client-a', 4, 3)).toMatchObject({ change: 'open' });
    expect(several.circuit!.failedBy).toBe('*');
  });

  it('does not speak for itself', () => {
    const host = new Host();
    host.fails('client-a', 4, 0);
    host.hears('client-a', SUCCESS, 1);
    expect(host.circuit).toBeUndefined();
    expect(host.fails('client-a', 5, 2)).toMatchObject({ change: 'open' });
  });

  it('is no witness when it is the host that asks to be left alone', () => {
    const host = new Host();
    host.fails('client-a', 1, 0);
    host.hears('client-b', SUCCESS, 1);
    const asked = host.hears('client-a', { ...FAILURE, holdHostMs: 1000 }, 2);
    expect(asked).toMatchObject({ change: 'open', circuit: { until: START + 1002 } });
    expect(asked.held).toBeUndefined();
  });

  it('is forgotten when it fails no more', () => {
    const host = new Host();
    host.fails('client-a', 1, 0);
    host.hears('client-b', SUCCESS, 1);
    const look = (ms: number) => afterSilence(host.circuit!, { parked: 0, probes: 0 }, at(ms)).circuit;
    // Nothing is written for each success of a host that does not fail.
    expect(host.hears('client-b', SUCCESS, 1000).circuit).toMatchObject({ wellAt: START + 1 });
    expect(look(60_000)).toBeDefined();
    expect(look(60_001)).toBeUndefined();
  });
});

describe('a probe of such a client', () => {
  const opened = (): Host => {
    const host = new Host();
    host.fails('client-a', 5, 0);
    return host;
  };

  it('opens the circuit again when nobody else is asked', () => {
    const host = opened();
    expect(host.hears('client-a', FAILURE, 30_001, host.begins(30_000))).toMatchObject({ change: 'open' });
  });

  it('does not when one of another client has succeeded: that closes it', () => {
    const host = opened();
    const [first, second] = [host.begins(30_000), host.begins(30_000)];
    expect(host.hears('client-b', SUCCESS, 30_001, first).change).toBeUndefined();
    const next = host.hears('client-a', FAILURE, 30_002, second);
    expect(next).toMatchObject({ change: 'closed', held: HELD('client-a', 30_002) });
    expect(host.state(30_003)).toBe('ramping');
    expect(host.fails('client-a', 5, 30_004).held).toEqual(HELD('client-a', 30_004));
    expect(host.state(30_005)).toBe('ramping');
  });

  it('nor in the end when that of the other client comes back after it', () => {
    const host = opened();
    const [first, second] = [host.begins(30_000), host.begins(30_000)];
    expect(host.hears('client-a', FAILURE, 30_001, first).change).toBe('open');
    const next = host.hears('client-b', SUCCESS, 30_002, second);
    expect(next).toMatchObject({ change: 'closed', held: HELD('client-a', 30_002) });
  });

  it('nor when it succeeds itself, whoever was answered well at that moment', () => {
    const host = opened();
    const [first, second, third] = [host.begins(30_000), host.begins(30_000), host.begins(30_000)];
    host.hears('client-b', SUCCESS, 30_001, first);
    host.circuit = { ...host.circuit!, wellBy: 'client-b', wellAt: START + 30_001 };
    const failed = { client: 'client-a', verdict: FAILURE, begunAt: START, probeOf: second, isFull: true };
    host.circuit = afterAttempt(host.circuit, failed, at(30_001)).circuit;
    expect(host.state(30_001)).toBe('open');
    expect(host.hears('client-a', SUCCESS, 30_001, third).change).toBeUndefined();
    expect(host.state(30_001)).toBe('open');
  });

  it('of a window that is long over says nothing any more, and nothing closes what somebody has opened', () => {
    const host = opened();
    const old = host.begins(30_000);
    const window = host.begins(60_000);
    host.hears('client-a', FAILURE, 70_000, window);
    expect(host.hears('client-b', SUCCESS, 70_001, old).change).toBeUndefined();
    expect(host.hears('client-b', SUCCESS, 70_001, window).change).toBe('closed');
    const asked = opened();
    const [first, second] = [asked.begins(30_000), asked.begins(30_000)];
    asked.hears('client-a', { ...FAILURE, holdHostMs: 90_000 }, 30_001, first);
    expect(asked.hears('client-b', SUCCESS, 30_002, second).change).toBeUndefined();
    // Also when it asks for less than the circuit stays open anyway, and whoever was told so.
    for (const [holdHostMs, isFirst] of [
      [5000, true],
      [5000, false],
    ] as const) {
      const brief = opened();
      const probes = [brief.begins(30_000), brief.begins(30_000), brief.begins(30_000)] as const;
      if (!isFirst) brief.hears('client-a', FAILURE, 30_001, probes[2]);
      brief.hears('client-a', { ...FAILURE, holdHostMs }, 30_001, probes[0]);
      expect(brief.hears('client-b', SUCCESS, 30_002, probes[1]).change).toBeUndefined();
      expect(brief.state(30_003)).toBe('open');
    }
    const byHand = opened();
    const probe = byHand.begins(30_000);
    byHand.circuit = {
      ...byHand.circuit!,
      state: 'open',
      since: START + 30_001,
      until: START + 60_001,
      openedBy: '-',
    };
    expect(byHand.hears('client-b', SUCCESS, 30_002, probe).change).toBeUndefined();
  });
});
