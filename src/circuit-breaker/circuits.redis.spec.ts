import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { answers, VirtualFleet } from '../../test/support/virtual-fleet.js';
import { type AuditEntry, auditLine } from '../audit/audit-line.js';
import type { Outcome } from '../task/outcome.js';
import type { HostChange } from '../queue/gates/host-changes.js';
import type { HostCircuit } from './circuits.js';

const HOST = 'http://target.example';
const SECOND = 1000;

let harness: QueueHarness;
let clock: ManualClock;
let fleet: VirtualFleet;
let answer: Outcome;
let told: HostChange[];
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start({}, clock);
  answer = answers(200);
  told = [];
  harness.hostChanges.subscribe((change) => told.push(change));
  fleet = new VirtualFleet(harness, clock, () => ({ outcome: answer, takesMs: 10 }), {
    workers: 2,
    concurrency: 50,
  });
});
afterEach(async () => {
  await harness.stop();
});

const { stringify } = JSON;
const delivered = () => fleet.calls.filter((call) => call.class === 'succeeded').length;

async function failing(count: number): Promise<void> {
  answer = answers(502);
  await harness.add(count);
  await fleet.pass(100);
}

describe('what is told of a circuit', () => {
  it('of a host that nobody knows: it is closed', async () => {
    const nothing = { failures: 0, successes: 0, probes: 0, parked: 0, isForced: false, note: '' };
    expect(await harness.circuits.find(`${HOST}/some/path`)).toEqual({
      host: HOST,
      state: 'closed',
      ...nothing,
    });
    expect(await harness.circuits.list(10)).toEqual({ circuits: [] });
  });

  it('follows it through an outage', async () => {
    const seen: HostCircuit[] = [];
    const look = async () => seen.push(await harness.circuits.find(HOST));
    await failing(4);
    await look();
    expect(await harness.circuits.count()).toBe(0);
    const openedAt = clock.now();
    await failing(4);
    await look();
    expect(await harness.circuits.count()).toBe(1);
    const nextProbeAt = openedAt + 10 + 30 * SECOND;
    await fleet.pass(nextProbeAt - clock.now());
    await look();
    answer = answers(200);
    await fleet.pass(30 * SECOND + 20);
    await look();
    expect(seen).toMatchObject([
      { state: 'closed', failures: 4, note: '502', parked: 0 },
      { state: 'open', failures: 5, note: '502', openedAt: openedAt + 10, nextProbeAt },
      { state: 'half_open', probes: 3, openedAt: openedAt + 10 },
      { state: 'ramping', probes: 0 },
    ]);
    await fleet.pass(20 * SECOND);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'closed', failures: 0, note: '' });
    expect(fleet.changes.map(({ to }) => to)).toEqual(['open', 'half_open', 'open', 'half_open', 'closed']);
  });

  it('is no longer listed when the ramp is over', async () => {
    await failing(5);
    answer = answers(200);
    await fleet.pass(45 * SECOND);
    expect(fleet.changes.at(-1)).toMatchObject({ to: 'closed' });
    expect(await harness.circuits.count()).toBe(0);
    expect(await harness.circuits.list(10)).toEqual({ circuits: [] });
  });

  it('comes in pages, in the order of the hosts', async () => {
    for (const name of ['c', 'a', 'b'])
      await harness.circuits.open(`http://${name}.example`, { reason: 'moving' });
    const first = await harness.circuits.list(2);
    expect(first).toMatchObject({ circuits: [{ host: 'http://a.example' }, { host: 'http://b.example' }] });
    expect(first.next).toBe('http://b.example');
    const second = await harness.circuits.list(2, first.next);
    expect(second.circuits.map(({ host }) => host)).toEqual(['http://c.example']);
    expect(second).not.toHaveProperty('next');
  });
});

describe('somebody', () => {
  it('opens it for ever: nothing is sent, and it says why; closes it: its tasks are let in step by step', async () => {
    const open = await harness.circuits.open(`${HOST}/x`, { reason: 'planned; see #7' });
    expect(open).toMatchObject({ state: 'open', isForced: true, note: 'planned; see #7' });
    expect(open).not.toHaveProperty('nextProbeAt');
    await harness.add(100);
    await fleet.pass(3600 * SECOND);
    expect(fleet.calls).toEqual([]);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'open', parked: 100 });
    expect(await harness.circuits.close(HOST)).toMatchObject({ state: 'ramping', isForced: false });
    await fleet.pass(999);
    expect(delivered()).toBe(10);
    await fleet.pass(10 * SECOND);
    expect(delivered()).toBe(100);
    expect(told.map(({ host, to, note }) => stringify([host, to, note]))).toEqual([
      stringify([HOST, 'open', 'planned; see #7']),
      stringify([HOST, 'closed', 'planned; see #7']),
    ]);
  });

  it('opens it until a time: it is probed then', async () => {
    const until = clock.now() + 90 * SECOND;
    expect(await harness.circuits.open(HOST, { reason: 'restart', until })).toMatchObject({
      nextProbeAt: until,
    });
    await harness.add(10);
    await fleet.pass(90 * SECOND - 1);
    expect(fleet.calls).toEqual([]);
    await fleet.pass(1);
    expect(fleet.calls.map(({ isProbe }) => isProbe)).toEqual([true, true, true]);
    await fleet.pass(20);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'ramping' });
  });

  it('resets it: all that waits is let in at once', async () => {
    await failing(50);
    answer = answers(200);
    await harness.add(100);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'open', parked: 100 });
    const before = fleet.calls.length;
    expect(await harness.circuits.reset(HOST)).toMatchObject({ state: 'closed', parked: 0, failures: 0 });
    await fleet.pass(50);
    expect(fleet.calls.length - before).toBeGreaterThanOrEqual(100);
    expect(told.map(({ to }) => to)).toEqual(['closed']);
  });

  it('is named in the audit log, with what was before', async () => {
    const by = { address: '127.0.0.1', requestId: 'r1' };
    await harness.circuits.open(HOST, { reason: 'restart' }, auditLine('circuit.open', `host:${HOST}`, by));
    await harness.hostLimits.set(HOST, { maxConcurrent: 3 }, auditLine('host.put', `host:${HOST}`, by));
    const lines = await harness.redis.xrange('{tr}:audit', '-', '+');
    expect(lines.map(([, [, line]]) => JSON.parse(line!) as AuditEntry)).toMatchObject([
      { action: 'circuit.open', before: { state: 'closed' }, after: { state: 'open', note: 'restart' }, by },
      { action: 'host.put', target: `host:${HOST}`, after: { maxConcurrent: 3 } },
    ]);
  });

  it('changes nothing of what is so already', async () => {
    expect(await harness.circuits.close(HOST)).toMatchObject({ state: 'closed' });
    expect(await harness.circuits.reset(HOST)).toMatchObject({ state: 'closed' });
    expect(told).toEqual([]);
    expect(await harness.redis.exists('{tr}:circuits')).toBe(0);
  });
});

describe('Retry-After', () => {
  it('of a 503 leaves the host alone until then, at the first one', async () => {
    answer = answers(503, 120 * SECOND);
    await harness.add(1);
    await fleet.pass(10);
    await harness.add(20);
    answer = answers(200);
    const { nextProbeAt } = await harness.circuits.find(HOST);
    expect(nextProbeAt).toBe(clock.now() + 120 * SECOND);
    await fleet.pass(120 * SECOND - 1);
    expect(fleet.calls).toHaveLength(1);
    await fleet.pass(20 * SECOND);
    expect(delivered()).toBe(21);
  });

  it('of a 429 holds back what this client has for this host, and nobody else', async () => {
    const other = { url: 'http://other.example/', method: 'POST', headers: [] } as const;
    answer = answers(429, 60 * SECOND);
    await harness.add(1, { clientId: 'hasty' });
    await fleet.pass(10);
    answer = answers(200);
    const held = await harness.add(5, { clientId: 'hasty' });
    await harness.add(5, { clientId: 'patient' });
    await harness.add(5, { clientId: 'hasty', target: other });
    await fleet.pass(60 * SECOND - 1);
    expect(delivered()).toBe(10);
    const told = await harness.reader.explain(held[0]!.id);
    expect(told?.heldBy).toMatchObject({
      ...{ kind: 'host', name: HOST, refusal: { reason: 'client_held', at: clock.now() + 1 } },
    });
    expect(told?.eta).toBe(clock.now() + 1);
    await fleet.pass(20);
    expect(delivered()).toBe(16);
    expect(await harness.redis.exists('{tr}:holds')).toBe(0);
    await fleet.pass(120 * SECOND);
    expect(await harness.redis.exists('{tr}:circuits', '{tr}:circuits:look')).toBe(0);
  });

  it('that holds a client can be forgotten', async () => {
    answer = answers(429, 3600 * SECOND);
    await harness.add(1, { clientId: 'hasty' });
    await fleet.pass(10);
    answer = answers(200);
    await harness.add(5, { clientId: 'hasty' });
    await fleet.pass(10);
    expect(delivered()).toBe(0);
    expect(await harness.circuits.find(HOST)).toMatchObject({
      ...{ state: 'closed', clientsHeldUntil: clock.now() + 3600 * SECOND - 10 },
    });
    await harness.circuits.reset(HOST);
    await fleet.pass(10);
    expect(delivered()).toBe(5);
  });
});

describe('the limits of a host', () => {
  it('hold over all clients, queues and lanes, and can be lifted', async () => {
    expect(await harness.hostLimits.set(`${HOST}/`, { maxConcurrent: 3 })).toMatchObject({ host: HOST });
    for (const clientId of ['a', 'b'])
      await harness.add(20, { clientId, lane: clientId === 'a' ? 'low' : 'high' });
    await fleet.pass(0);
    expect(fleet.calls).toHaveLength(3);
    await fleet.pass(10);
    expect(fleet.calls).toHaveLength(6);
    expect(await harness.hostLimits.find(HOST)).toMatchObject({ maxConcurrent: 3 });
    await harness.hostLimits.set(HOST, {});
    await fleet.pass(10);
    expect(fleet.calls).toHaveLength(40);
    expect(await harness.hostLimits.list(10)).toEqual({ hosts: [] });
  });

  it('come in pages, in the order of the hosts', async () => {
    for (const name of ['c', 'a', 'b'])
      await harness.hostLimits.set(`http://${name}.example`, { maxConcurrent: 1 });
    const { hosts, next } = await harness.hostLimits.list(2);
    expect(hosts.map(({ host }) => host)).toEqual(['http://a.example', 'http://b.example']);
    const second = await harness.hostLimits.list(2, next);
    expect(second).toMatchObject({ hosts: [{ host: 'http://c.example', maxConcurrent: 1 }] });
    expect(second).not.toHaveProperty('next');
  });

  it('count what runs already when they are set', async () => {
    await harness.add(5);
    await fleet.pass(0);
    expect(fleet.calls).toHaveLength(5);
    await harness.hostLimits.set(HOST, { maxConcurrent: 6 });
    await harness.add(5);
    await fleet.pass(0);
    expect(fleet.calls).toHaveLength(6);
  });

  it('hold the rate', async () => {
    await harness.hostLimits.set(HOST, { maxPerSecond: 5, burst: 2 });
    await harness.add(30);
    await fleet.pass(3 * SECOND);
    expect(fleet.calls).toHaveLength(2 + 15);
  });
});
