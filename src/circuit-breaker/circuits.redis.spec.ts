import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { answers, VirtualFleet } from '../../test/support/virtual-fleet.js';
import { type AuditEntry, auditLine } from '../audit/audit-line.js';
import type { Outcome } from '../task/outcome.js';
import { type Circuit, decodeCircuit, encodeCircuit } from '../queue/gates/circuit.js';
import type { HostChange } from '../queue/gates/host-changes.js';
import { RedisClock } from '../queue/queue-clock.js';
import type { HostCircuit } from './host-circuit.js';
import type { HostPage } from './known-hosts.js';

const HOST = 'http://target.example';
const SECOND = 1000;

/** An hour ahead of Redis. */
class FastClock extends RedisClock {
  override now(): number {
    return super.now() + 3600 * SECOND;
  }
}

let harness: QueueHarness;
let clock: ManualClock;
let fleet: VirtualFleet;
let answer: Outcome;
let takesMs: number;
let told: HostChange[];
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start({}, clock);
  answer = answers(200);
  takesMs = 10;
  told = [];
  harness.hostChanges.subscribe((change) => told.push(change));
  fleet = new VirtualFleet(harness, clock, () => ({ outcome: answer, takesMs }), {
    workers: 2,
    concurrency: 50,
  });
});
afterEach(async () => {
  await harness.stop();
});

/** Closed. */
const UNKNOWN = decodeCircuit(`c;0;0;0;0${';0'.repeat(8)};;;;`);
const { stringify } = JSON;
const BY = '3f0c9f1d7a52';
/** Opens a circuit until somebody says otherwise. */
const holdOpen = (note: string, until = Infinity, by = BY) => ({ until, by, note });
const delivered = () => fleet.calls.filter((call) => call.class === 'succeeded').length;

async function failing(count: number): Promise<void> {
  answer = answers(502);
  await harness.add(count);
  await fleet.pass(100);
}

describe('what is told of a circuit', () => {
  it('of a host that nobody knows: it is closed', async () => {
    const nothing = { failures: 0, successes: 0, probes: 0, parked: 0, isForced: false, note: '' };
    expect(await harness.circuits.find(HOST)).toEqual({
      host: HOST,
      state: 'closed',
      ...nothing,
    });
    expect(await harness.knownHosts.page(10)).toMatchObject({ hosts: [] });
  });

  it('follows it through an outage', async () => {
    const seen: HostCircuit[] = [];
    const look = async () => seen.push(await harness.circuits.find(HOST));
    await failing(4);
    await look();
    expect((await harness.circuits.count()).notClosed).toBe(0);
    const openedAt = clock.now();
    await failing(4);
    await look();
    expect((await harness.circuits.count()).notClosed).toBe(1);
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
      { state: 'ramping', probes: 0, ramp: { perSecond: 10 } },
    ]);
    await fleet.pass(20 * SECOND);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'closed', failures: 0, note: '' });
    expect(fleet.changes.map(({ to }) => to)).toEqual(['open', 'half_open', 'open', 'half_open', 'closed']);
  });

  it('has no failures that do not count any more, also when nobody has looked since', async () => {
    await failing(4);
    clock.advance(60 * SECOND);
    expect(await harness.circuits.find(HOST)).toMatchObject({ state: 'closed', failures: 0, note: '' });
  });

  it('is no longer listed when the ramp is over', async () => {
    await failing(5);
    answer = answers(200);
    await fleet.pass(45 * SECOND);
    expect(fleet.changes.at(-1)).toMatchObject({ to: 'closed' });
    expect((await harness.circuits.count()).notClosed).toBe(0);
    expect(await harness.knownHosts.page(10)).toMatchObject({ hosts: [] });
  });

  it('is no longer listed either when nobody has looked since its ramp was over', async () => {
    await harness.circuits.open(HOST, holdOpen('moving'));
    await harness.circuits.close(HOST);
    const { ramp } = await harness.circuits.find(HOST);
    expect(ramp).toEqual({ perSecond: 10, endsAt: clock.now() + 7 * SECOND });
    clock.advance(7 * SECOND - 1);
    expect((await harness.knownHosts.page(10)).hosts).toHaveLength(1);
    clock.advance(1);
    expect(await harness.knownHosts.page(10)).toMatchObject({ hosts: [] });
  });

  it('goes by the clock of Redis, whatever that of the process says', async () => {
    await harness.stop();
    harness = await QueueHarness.start({}, new FastClock());
    const until = Date.now() + 60 * SECOND;
    const open = await harness.circuits.open(HOST, holdOpen('restart', until));
    expect(open).toMatchObject({ state: 'open', nextProbeAt: until });
    expect(await harness.circuits.find(HOST)).toEqual(open);
  });

  it('comes in pages with the limits, in the order of the hosts', async () => {
    const name = (letter: string) => `http://${letter}.example`;
    for (const letter of ['d', 'a', 'b']) await harness.circuits.open(name(letter), holdOpen('moving'));
    for (const letter of ['c', 'b', 'e']) await harness.hostLimits.set(name(letter), { maxConcurrent: 2 });
    await harness.hostLimits.set(name('e'), {});
    const seen: string[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: HostPage = await harness.knownHosts.page(2, undefined, after);
      expect(page.hosts.length).toBe(2);
      for (const { circuit, limit } of page.hosts)
        seen.push(`${circuit.host} ${circuit.state} ${limit.maxConcurrent ?? ''}`);
      after = page.next;
    }
    expect(seen).toEqual(
      ['a open ', 'b open 2', 'c closed 2', 'd open '].map(
        (line) => `http://${line.replace(' ', '.example ')}`,
      ),
    );
    const open = await harness.knownHosts.page(2, 'open');
    expect(open.hosts.map(({ circuit }) => circuit.host)).toEqual([name('a'), name('b')]);
    const rest = await harness.knownHosts.page(2, 'open', open.next);
    expect(rest).toMatchObject({ hosts: [{ circuit: { host: name('d') } }] });
    expect(rest).not.toHaveProperty('next');
    expect((await harness.knownHosts.page(2, 'closed')).hosts).toHaveLength(1);
  });

  it('with a filter is filled, from ten thousand hosts at most', async () => {
    const names = Array.from({ length: 12_000 }, (_, n) => `http://${String(n).padStart(5, '0')}.example`);
    await harness.circuits.open(names[0]!, holdOpen('moving'));
    const text = (await harness.redis.hget('{tr}:circuits', names[0]!))!;
    for (let at = 0; at < names.length; at += 1000) {
      const some = names.slice(at, at + 1000);
      await harness.redis.hset('{tr}:circuits', ...some.flatMap((name) => [name, text]));
      await harness.redis.zadd('{tr}:circuits:open', ...some.flatMap((name) => [0, name]));
    }
    const page = (limit: number, after?: string) => harness.knownHosts.page(limit, 'ramping', after);
    for (const nth of [1200, 9000, 11_000]) await harness.circuits.close(names[nth]!);
    const nth = ({ hosts }: HostPage) => hosts.map(({ circuit }) => names.indexOf(circuit.host));
    const one = await page(1);
    expect([nth(one), one.scanned, one.next]).toEqual([[1200], 1201, names[1200]]);
    const first = await page(10);
    expect([nth(first), first.scanned, first.next]).toEqual([[1200, 9000], 10_000, names[9999]]);
    const second = await page(10, first.next);
    expect([nth(second), second.scanned, second.next]).toEqual([[11_000], 2000, undefined]);
  });
});

describe('somebody', () => {
  it('opens it for ever: nothing is sent, and it says why; closes it: its tasks are let in step by step', async () => {
    const open = await harness.circuits.open(HOST, holdOpen('planned; see #7'));
    expect(open).toMatchObject({ state: 'open', isForced: true, openedBy: BY, note: 'planned; see #7' });
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
      stringify([HOST, 'closed', '']),
    ]);
  });

  it('opens it until a time: it is probed then', async () => {
    const until = clock.now() + 90 * SECOND;
    expect(await harness.circuits.open(HOST, holdOpen('restart', until))).toMatchObject({
      nextProbeAt: until,
    });
    await harness.add(10);
    await fleet.pass(90 * SECOND - 1);
    expect(fleet.calls).toEqual([]);
    await fleet.pass(1);
    expect(fleet.calls.map(({ isProbe }) => isProbe)).toEqual([true, true, true]);
    const probed = { state: 'half_open', isForced: false, openedBy: BY, note: 'restart' };
    expect(await harness.circuits.find(HOST)).toMatchObject(probed);
    await fleet.pass(20);
    expect(JSON.stringify(await harness.circuits.find(HOST))).not.toMatch(/openedBy|restart|half_open/);
  });

  it('has opened it no more when its probes fail', async () => {
    await harness.circuits.open(HOST, holdOpen('restart', clock.now() + SECOND));
    answer = answers(502);
    await harness.add(10);
    await fleet.pass(SECOND + 20);
    const open = await harness.circuits.find(HOST);
    expect(open).toMatchObject({ state: 'open', isForced: false, note: '502', parked: 7 });
    expect(open).not.toHaveProperty('openedBy');
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
    await harness.circuits.open(HOST, holdOpen('restart'), auditLine('circuit.open', `host:${HOST}`, by));
    await harness.hostLimits.set(HOST, { maxConcurrent: 3 }, auditLine('host.put', `host:${HOST}`, by));
    const lines = await harness.redis.xrange('{tr}:audit', '-', '+');
    expect(lines.map(([, [, line]]) => JSON.parse(line!) as AuditEntry)).toMatchObject([
      {
        action: 'circuit.open',
        before: { state: 'closed' },
        after: { state: 'open', reason: 'restart' },
        by,
      },
      { action: 'host.put', target: `host:${HOST}`, after: { maxConcurrent: 3 } },
    ]);
  });

  it('is told in the audit log what was before, whatever happens while it is asked for', async () => {
    const by = { address: '127.0.0.1', requestId: 'r1' };
    const order = (n: number) =>
      n % 2 === 0
        ? harness.circuits.open(HOST, holdOpen(`order ${n}`), auditLine('circuit.open', `host:${HOST}`, by))
        : harness.circuits.close(HOST, auditLine('circuit.close', `host:${HOST}`, by));
    await Promise.all(Array.from({ length: 40 }, (_, n) => order(n)));
    const entries = await harness.redis.xrange('{tr}:audit', '-', '+');
    const lines = entries.map(([, [, line]]) => JSON.parse(line!) as { before: object; after: object });
    expect(lines.length).toBeGreaterThan(20);
    // Each begins where the one before has ended.
    let before: Record<string, unknown> = { state: 'closed', failures: 0, forced: false };
    for (const line of lines) {
      expect(before).toMatchObject(line.before);
      before = { ...before, ...line.after };
    }
  });

  it('is heard although workers change the circuit all the time', async () => {
    let rounds = 0;
    let change: (circuit: Circuit) => Circuit = (circuit) => circuit;
    // A worker is always quicker.
    const circuits = await harness.circuitsAfter(async () => {
      rounds++;
      const text = await harness.redis.hget('{tr}:circuits', HOST);
      const circuit = text === null ? UNKNOWN : decodeCircuit(text);
      await harness.redis.hset('{tr}:circuits', HOST, encodeCircuit(change(circuit)));
    });
    await harness.circuits.open(HOST, holdOpen('restart'));
    change = (circuit) => ({ ...circuit, sent: circuit.sent + 1, wellAt: clock.now() + rounds });
    expect(await circuits.close(HOST)).toMatchObject({ state: 'ramping' });
    expect(rounds).toBe(1);
    change = (circuit) => ({ ...circuit, state: 'ramping', note: `error ${rounds}` });
    expect(await circuits.open(HOST, holdOpen('restart'))).toMatchObject({ state: 'open', note: 'restart' });
    expect(rounds).toBeGreaterThan(2);
    await harness.circuits.reset(HOST);
    [rounds, change] = [0, (circuit) => ({ ...circuit, failures: (circuit.failures + 1) % 3, note: '500' })];
    expect(await circuits.open(HOST, holdOpen('moving'))).toMatchObject({ state: 'open', note: 'moving' });
    expect(rounds).toBe(1);
  });

  it('changes nothing of what is so already', async () => {
    const line = () => 'a line';
    const lines = () => harness.redis.xlen('{tr}:audit');
    expect(await harness.circuits.close(HOST, line)).toMatchObject({ state: 'closed' });
    expect(await harness.circuits.reset(HOST, line)).toMatchObject({ state: 'closed' });
    await harness.hostLimits.set(HOST, {}, line);
    expect(told).toEqual([]);
    expect(await harness.redis.exists('{tr}:circuits', '{tr}:hosts', '{tr}:audit')).toBe(0);
    const open = await harness.circuits.open(HOST, holdOpen('moving'), line);
    clock.advance(SECOND);
    expect(await harness.circuits.open(HOST, holdOpen('moving', Infinity, '-'), line)).toEqual(open);
    expect([await lines(), told.length]).toEqual([1, 1]);
    await harness.circuits.open(HOST, holdOpen('moving on'), line);
    await harness.circuits.open(HOST, holdOpen('moving on', clock.now() + SECOND), line);
    expect([await lines(), told.length]).toEqual([3, 3]);
    await harness.circuits.close(HOST, line);
    await harness.circuits.close(HOST, line);
    expect([await lines(), told.length]).toEqual([4, 4]);
    await harness.circuits.reset(HOST, line);
    await harness.circuits.reset(HOST, line);
    expect([await lines(), told.length]).toEqual([5, 4]);
    for (let n = 0; n < 2; n++) await harness.hostLimits.set(HOST, { maxConcurrent: 2 }, line);
    expect(await lines()).toBe(6);
    for (let n = 0; n < 2; n++) await harness.hostLimits.set(HOST, {}, line);
    expect(await lines()).toBe(7);
    expect(await harness.redis.exists('{tr}:circuits', '{tr}:circuits:open', '{tr}:hosts')).toBe(0);
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

  it('that asks a client again, for longer, is over then, and nothing of it is left', async () => {
    const alone = { clientId: 'hasty', maxRetries: 0 };
    answer = answers(429, 5 * SECOND);
    await harness.add(1, alone);
    await fleet.pass(0);
    [answer, takesMs] = [answers(429, 60 * SECOND), SECOND];
    await harness.add(1, alone);
    await fleet.pass(30 * SECOND);
    const isHeld = () => harness.redis.exists('{tr}:holds');
    expect(await isHeld()).toBe(1);
    await fleet.pass(32 * SECOND);
    expect(await isHeld()).toBe(0);
  });

  it('of very many clients is forgotten a bounded piece at a time', async () => {
    const clients = Array.from({ length: 300 }, (_, n) => `client-${n}`);
    answer = answers(429, 3600 * SECOND);
    for (const clientId of clients) await harness.add(1, { clientId, maxRetries: 0 });
    await fleet.pass(100);
    answer = answers(200);
    for (const clientId of clients) await harness.add(2, { clientId });
    await fleet.pass(10);
    expect(delivered()).toBe(0);
    await harness.circuits.reset(HOST);
    expect(await harness.redis.llen('{tr}:default:wait')).toBe(200);
    await fleet.pass(SECOND);
    expect(delivered()).toBe(600);
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
    expect(await harness.hostLimits.set(HOST, { maxConcurrent: 3 })).toEqual({ maxConcurrent: 3 });
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
    expect(await harness.knownHosts.page(10)).toMatchObject({ hosts: [] });
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

  it('do not keep the next probes waiting when the first hang', async () => {
    await harness.hostLimits.set(HOST, { maxConcurrent: 20 });
    await failing(5);
    takesMs = 3600 * SECOND;
    await harness.add(9);
    for (const sent of [3, 6, 9]) {
      await fleet.pass(30 * SECOND);
      expect(fleet.calls).toHaveLength(5 + sent);
    }
  });

  it('hold the rate', async () => {
    await harness.hostLimits.set(HOST, { maxPerSecond: 5, burst: 2 });
    await harness.add(30);
    await fleet.pass(3 * SECOND);
    expect(fleet.calls).toHaveLength(2 + 15);
  });
});
