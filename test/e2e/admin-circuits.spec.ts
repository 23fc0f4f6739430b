import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditList } from '../../src/admin/admin-audit.dto.js';
import type { CircuitList, CircuitView, LimitedHostView } from '../../src/admin/admin-circuits.dto.js';
import type { ExplanationView } from '../../src/tracking/explain.dto.js';
import { freeAddress } from '../support/free-address.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const KEY = { 'x-admin-key': 'correct-horse' };
const SETTINGS = {
  ADMIN_API_KEY: KEY['x-admin-key'],
  CB_FAILURE_THRESHOLD: '5',
  CB_TIMEOUT_SEC: '1',
  CB_RAMP_STEP: '200',
  WORKER_CONCURRENCY: '5',
};
const LONG_MS = 30_000;

let app: TestApp;
let target: Receiver;
beforeEach(async () => {
  app = await TestApp.start(SETTINGS);
  target = await Receiver.start();
});
afterEach(async () => {
  await app.stop();
  await target.stop();
});

const ask = <T = CircuitView>(method: string, path: string, body?: object, headers = {}) =>
  app.send<T>(method, `/admin/circuits${path}`, body, { ...KEY, ...headers });
const path = (host: string, route = '') => `/${encodeURIComponent(host)}${route}`;
const circuit = async (host: string) => (await ask('GET', path(host))).body;
const list = async (query = '') => (await ask<CircuitList>('GET', query)).body;
const order = async (host: string, what: string, body?: object) =>
  (await ask('POST', path(host, `/${what}`), body)).body;
const explained = async (id: string) => (await app.get<ExplanationView>(`/v1/tasks/${id}/explain`)).body;
const hostGate = async (id: string) => (await explained(id)).gates.find(({ gate }) => gate === 'host');
const inState = (state: string, ids: readonly string[]) =>
  Promise.all(ids.map((id) => app.taskIn(state, id, LONG_MS)));
const enqueue = (count: number, url: string, fields = {}) =>
  Promise.all(Array.from({ length: count }, () => app.enqueue({ url }, fields)));

async function audited(): Promise<string[]> {
  const { body } = await app.get<AuditList>('/admin/audit', KEY);
  return body.entries.map(({ action, target: of }) => `${action} ${of}`);
}

describe('a host that refuses connections', () => {
  it('is shown and explained as it is, beside one that is well, until it is well again', async () => {
    const down = await freeAddress();
    const nothing = { failures: 0, probes: 0, probe_successes: 0, parked: 0 };
    expect(await circuit(down.url)).toEqual({
      host: down.url,
      state: 'closed',
      forced: false,
      ...nothing,
    });
    expect(await list()).toEqual({
      circuits: [],
      next_cursor: null,
      window: { scanned: 0, complete: true },
    });

    const ids = await enqueue(30, down.url);
    await inState('deferred', ids);
    await inState('completed', await enqueue(5, target.url));
    // Probes go out each second: what is told is compared while none does.
    const { before: shown, told: gate } = await until(
      async () => {
        const before = await circuit(down.url);
        const told = await hostGate(ids[0]!);
        const same = JSON.stringify(before) === JSON.stringify(await circuit(down.url));
        return same && before.state === 'open' && before.parked === 30 ? { before, told } : undefined;
      },
      { timeoutMs: LONG_MS },
    );
    expect(shown).toMatchObject({ host: down.url, forced: false, last_error: 'connect_failed' });
    expect(shown.failures).toBeGreaterThanOrEqual(5);
    expect(Date.parse(shown.opened_at!)).toBeLessThan(Date.parse(shown.next_probe_at!));
    expect(gate).toMatchObject({
      ...{ passes: false, reason: 'host_circuit_open', last_error: 'connect_failed' },
      next_at: shown.next_probe_at,
    });
    expect(gate).not.toHaveProperty('forced');
    expect((await list()).circuits.map(({ host }) => host)).toEqual([down.url]);
    expect(await circuit(target.url)).toMatchObject({ state: 'closed', ...nothing });

    const well = await down.listen();
    const ramp = await until(
      async () => {
        const { circuits } = await list('?state=ramping');
        return circuits[0];
      },
      { timeoutMs: LONG_MS },
    );
    expect(ramp).toMatchObject({ host: down.url, last_error: 'connect_failed' });
    expect([200, 400, 800]).toContain(ramp.ramp!.per_second);
    await inState('completed', ids);
    await until(async () => (await circuit(down.url)).state === 'closed', { timeoutMs: LONG_MS });
    expect(await list()).toMatchObject({ circuits: [], next_cursor: null });
    expect(await audited()).toEqual([]);
    well.closeAllConnections();
    well.close();
  });
});

describe('a host that answers 500, and then not at all', () => {
  it('is shown half-open while probes are under way, and as closed when they were answered', async () => {
    const answers: (() => void)[] = [];
    let isFailing = true;
    target.answer = (_request, response) => {
      if (isFailing) response.writeHead(500).end();
      else answers.push(() => response.end('ok'));
    };
    await inState('dead_letter', await enqueue(5, target.url, { max_retries: 0 }));
    isFailing = false;
    const ids = await enqueue(6, target.url);
    await inState('deferred', ids);
    await target.gets(5 + 3, LONG_MS);
    expect(await circuit(target.url)).toMatchObject({
      ...{ state: 'half_open', forced: false, last_error: '500', failures: 5 },
      ...{ probes: 3, probe_successes: 0, parked: 3 },
    });
    answers.shift()!();
    await until(async () => (await circuit(target.url)).probe_successes === 1, { timeoutMs: LONG_MS });
    expect(await circuit(target.url)).toMatchObject({ state: 'half_open', probes: 2, parked: 3 });
    const gates = await Promise.all(ids.map(hostGate));
    const held = gates.filter((gate) => gate?.passes === false);
    expect(held).toHaveLength(3);
    for (const gate of held)
      expect(gate).toMatchObject({ reason: 'host_circuit_half_open', last_error: '500' });
    for (const answer of answers.splice(0)) answer();
    await target.gets(5 + 6, LONG_MS);
    const shown = await circuit(target.url);
    // A ramp of three seconds.
    expect(['ramping', 'closed']).toContain(shown.state);
    expect(shown).toMatchObject({ probes: 0, parked: 0 });
    for (const answer of answers) answer();
    await inState('completed', ids);
  });
});

describe('a host that is held by hand', () => {
  it('gets nothing, whatever state its tasks are in, also after a restart, until it is closed', async () => {
    const blocker = await Receiver.start();
    const answers: (() => void)[] = [];
    blocker.answer = (_request, response) => answers.push(() => response.end('ok'));
    target.answer = (request, response) => response.writeHead(request.path === '/fails' ? 500 : 200).end();
    const [retrying] = await enqueue(1, `${target.url}/fails`, { retry: { min_backoff: '1s' } });
    await inState('retrying', [retrying!]);
    const running = await enqueue(5, blocker.url);
    await blocker.gets(5);
    const waiting = await enqueue(10, target.url);
    await inState('pending', waiting);
    const [scheduled] = await enqueue(1, target.url, { delay: 1 });
    const before = target.received.length;

    const open = await order(target.url, 'open', { reason: 'it moves; see #7' });
    expect(open).toMatchObject({ state: 'open', forced: true, reason: 'it moves; see #7', parked: 0 });
    expect(open.opened_by).toMatch(/^[0-9a-f]{12}$/);
    expect(open).not.toHaveProperty('next_probe_at');
    const accepted = await enqueue(1, target.url);
    for (const answer of answers) answer();
    await inState('completed', running);
    const held = [retrying!, scheduled!, ...waiting, ...accepted];
    await inState('deferred', held);
    for (const id of held) {
      const gate = await hostGate(id);
      const why = { forced: true, forced_reason: 'it moves; see #7' };
      expect(gate).toMatchObject({ passes: false, reason: 'host_circuit_open', ...why });
      expect(gate).not.toHaveProperty('next_at');
      expect(gate).not.toHaveProperty('last_error');
    }
    expect((await explained(held[0]!)).summary).toContain(
      'is left alone (circuit opened by an admin: it moves; see #7) until somebody closes it',
    );
    const shown = await circuit(target.url);
    expect(shown).toMatchObject({ state: 'open', opened_at: open.opened_at, parked: held.length });

    await app.stop();
    app = await TestApp.start(SETTINGS, true);
    expect(await circuit(target.url)).toEqual(shown);
    await inState('completed', await enqueue(1, blocker.url).then(answerAll));
    expect(target.received).toHaveLength(before);

    target.reset();
    expect(await order(target.url, 'close')).toMatchObject({ state: 'ramping', forced: false });
    await inState('completed', held);
    expect(await audited()).toEqual([`circuit.close host:${target.url}`, `circuit.open host:${target.url}`]);
    await blocker.stop();

    async function answerAll(ids: string[]): Promise<string[]> {
      await blocker.gets(6);
      answers.at(-1)!();
      return ids;
    }
  });

  it('until a time is tried then, and explain says when that is', async () => {
    const end = new Date(Date.now() + 3000).toISOString();
    const open = await order(target.url, 'open', { until: end });
    expect(open).toMatchObject({ state: 'open', forced: true, next_probe_at: end });
    expect(open).not.toHaveProperty('reason');
    const ids = await enqueue(3, target.url);
    const gate = await hostGate(ids[0]!);
    expect(gate).toMatchObject({ reason: 'host_circuit_open', forced: true, next_at: end });
    expect((await explained(ids[0]!)).eta).toBe(end);
    const tasks = await inState('completed', ids);
    expect(tasks.map(({ attempts }) => attempts[0]?.is_probe)).toEqual([true, true, true]);
    expect(Math.min(...target.received.map(({ at }) => at))).toBeGreaterThanOrEqual(Date.parse(end));
  });

  it('is held once, however often that is said', async () => {
    const first = await order(target.url, 'open', { reason: 'it moves' });
    for (let n = 0; n < 2; n++)
      expect(await order(target.url, 'open', { reason: 'it moves' })).toEqual(first);
    expect(await audited()).toEqual([`circuit.open host:${target.url}`]);
    const { body } = await app.get<AuditList>(`/admin/audit?target=host:${target.url}`, KEY);
    expect(body.entries[0]).toMatchObject({
      before: { state: 'closed', forced: false },
      after: { state: 'open', forced: true, reason: 'it moves' },
    });
    for (const what of ['close', 'close', 'reset', 'reset', 'close']) await order(target.url, what);
    expect(await circuit(target.url)).toMatchObject({ state: 'closed' });
    expect((await audited()).length).toBe(3);
  });

  it('may be one that has failed: what it has asked of clients is forgotten with a reset', async () => {
    target.answer = (_request, response) => response.writeHead(429, { 'retry-after': '600' }).end();
    const [id] = await enqueue(1, target.url);
    await inState('retrying', [id!]);
    const held = await enqueue(2, target.url);
    await inState('deferred', held);
    const shown = await circuit(target.url);
    expect(shown).toMatchObject({ state: 'closed', failures: 0 });
    expect(Date.parse(shown.clients_held_until!)).toBeGreaterThan(Date.now() + 500_000);
    target.reset();
    expect(await order(target.url, 'reset')).not.toHaveProperty('clients_held_until');
    await inState('completed', held);
  });
});

describe('the limits of a host', () => {
  const limits = <T = LimitedHostView>(method: string, body?: object, headers = {}) =>
    ask<T>(method, path(target.url, '/limits'), body, headers);

  it('hold at once, are explained and listed, and are removed', async () => {
    const answers: (() => void)[] = [];
    target.answer = (_request, response) => answers.push(() => response.end('ok'));
    const ids = await enqueue(3, target.url);
    await target.gets(3);
    const anew = { 'if-none-match': '*' };
    const put = await limits('PUT', { max_concurrent: 3, max_per_second: 500, burst: 50 }, anew);
    expect((await limits('PUT', { max_concurrent: 4 }, anew)).status).toBe(412);
    expect(put).toMatchObject({ status: 200, body: { host: target.url, max_concurrent: 3 } });
    const [held] = await enqueue(1, target.url);
    await inState('deferred', [held!]);
    expect(await hostGate(held!)).toMatchObject({ reason: 'host_at_limit', running: 3, max_running: 3 });
    const shown = {
      state: 'closed',
      limits: { max_concurrent: 3, max_per_second: 500, burst: 50 },
      parked: 1,
    };
    expect(await list()).toMatchObject({ circuits: [{ host: target.url, ...shown }] });
    expect(await circuit(target.url)).toMatchObject(shown);
    expect((await limits('GET')).body).toEqual(put.body);

    for (let n = 0; n < 2; n++) expect(await limits('DELETE')).toMatchObject({ status: 204, body: '' });
    await target.gets(4);
    for (const answer of answers) answer();
    await inState('completed', [...ids, held!]);
    expect((await limits('GET')).body).toEqual({ host: target.url });
    expect(await list()).toMatchObject({ circuits: [], next_cursor: null });
    expect(await audited()).toEqual([`host.delete host:${target.url}`, `host.put host:${target.url}`]);
  });

  it('are not changed when somebody else was faster', async () => {
    const none = await limits('GET');
    const first = await limits('PUT', { max_concurrent: 3 }, { 'if-match': none.headers.get('etag') });
    expect(first).toMatchObject({ status: 200, body: { max_concurrent: 3 } });
    for (const method of ['PUT', 'DELETE']) {
      const late = await limits(method, method === 'PUT' ? {} : undefined, {
        'if-match': none.headers.get('etag'),
      });
      expect(late).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    }
    expect((await limits('GET')).headers.get('etag')).toBe(first.headers.get('etag'));
  });
});
