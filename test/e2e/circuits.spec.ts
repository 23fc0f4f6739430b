import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CircuitView } from '../../src/admin/admin-circuits.dto.js';
import type { ExplanationView } from '../../src/tracking/explain.dto.js';
import { freeAddress } from '../support/free-address.js';
import { Receiver } from '../support/receiver.js';
import { scrape } from '../support/scrape.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const TIMEOUT_SEC = 0.5;

const SETTINGS = {
  CB_FAILURE_THRESHOLD: '5',
  CB_TIMEOUT_SEC: String(TIMEOUT_SEC),
  WORKER_CONCURRENCY: '20',
};

let app: TestApp;
let well: Receiver;
beforeEach(async () => {
  app = await TestApp.start(SETTINGS);
  well = await Receiver.start();
});
afterEach(async () => {
  await app.stop();
  await well.stop();
});

const explained = async (id: string) => (await app.get<ExplanationView>(`/v1/tasks/${id}/explain`)).body;
const attemptsMade = async (id: string) =>
  (await app.get<{ attempts_made: number }>(`/v1/tasks/${id}`)).body.attempts_made;

describe('a host that refuses connections', () => {
  it('is left alone, tried now and then, and gets everything when it is back', async () => {
    const host = await freeAddress();
    const ids = await Promise.all(Array.from({ length: 30 }, () => app.enqueue({ url: host.url })));
    await Promise.all(ids.map((id) => app.taskIn('deferred', id)));
    const told = await explained(ids[0]!);
    const gate = told.gates.find(({ gate: kind }) => kind === 'host')!;
    expect(['host_circuit_open', 'host_circuit_half_open']).toContain(gate.reason);
    // Longer than several windows of probes: nobody pays for them.
    const before = await changesTo('half_open');
    await until(async () => (await changesTo('half_open')) - before >= 4, { timeoutMs: 20_000 });
    for (const id of ids) expect(await attemptsMade(id)).toBeLessThanOrEqual(1);
    const well = await host.listen();
    const tasks = await Promise.all(ids.map((id) => app.taskIn('completed', id, 20_000)));
    expect(tasks.every(({ attempts_made }) => attempts_made <= 2)).toBe(true);
    expect(tasks.flatMap(({ attempts }) => attempts).some(({ is_probe }) => is_probe)).toBe(true);
    well.closeAllConnections();
    well.close();
  });

  it('does not keep tasks of other hosts waiting', async () => {
    const host = await freeAddress();
    await Promise.all(Array.from({ length: 100 }, () => app.enqueue({ url: host.url })));
    const id = await app.enqueue({ url: well.url });
    expect(await app.taskIn('completed', id)).toMatchObject({ attempts_made: 1 });
  });
});

describe('a host that takes calls and answers none', () => {
  it('does not keep tasks of other hosts waiting, but for as long as its first calls last', async () => {
    await app.stop();
    // Timeouts that tasks set themselves say nothing against a host.
    app = await TestApp.start({ ...SETTINGS, TASK_TIMEOUT_SEC: '1' });
    const silent = await Receiver.start();
    silent.answer = () => undefined;
    const hung = { client_id: 'hung-client', max_retries: 20 };
    await Promise.all(Array.from({ length: 200 }, () => app.enqueue({ url: silent.url }, hung)));
    await silent.gets(5);
    const ids = await Promise.all(Array.from({ length: 20 }, () => app.enqueue({ url: well.url })));
    for (const id of ids) expect(await app.taskIn('completed', id)).toMatchObject({ attempts_made: 1 });
    const path = `/admin/circuits/${encodeURIComponent(silent.url)}`;
    await until(async () => (await app.get<CircuitView>(path)).body.state !== 'closed');
    // Those that hang when it opens, and some probes: nearly all wait, and hold no slot.
    expect((await app.get<CircuitView>(path)).body.parked).toBeGreaterThan(150);
    expect(silent.received.length).toBeLessThan(50);
    const late = await app.enqueue({ url: well.url });
    expect(await app.taskIn('completed', late)).toMatchObject({ attempts_made: 1 });
    await silent.stop();
  });
});

describe('a host that answers 500', () => {
  it('is given the last try of a task as a probe', async () => {
    const before = await changesTo('open');
    well.answer = (_request, response) => response.writeHead(500).end();
    const id = await app.enqueue({ url: well.url });
    const task = await app.taskIn('dead_letter', id, 20_000);
    expect(task).toMatchObject({ dead_letter_reason: 'attempts_exhausted', attempts_made: 6 });
    expect(task.attempts.map(({ is_probe }) => is_probe ?? false)).toEqual([
      ...[false, false, false, false, false, true],
    ]);
    expect(well.received.map(({ headers }) => headers['x-task-attempt'])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
    ]);
    expect((await changesTo('open')) - before).toBe(2);
    const counted = async () => (await scrape(app.url)).sum('taskqueue_circuits');
    await until(async () => (await counted()) === 1, { timeoutMs: 15_000, every: 500 });
  });
});

describe('a client whose path always fails', () => {
  it('holds up another at the same host once at most, and from then on itself alone', async () => {
    const before = await changesTo('open');
    well.answer = (request, response) => response.writeHead(request.path.endsWith('/bad') ? 500 : 200).end();
    const ofA = { client_id: 'client-a' };
    const bad = () => app.enqueue({ url: `${well.url}/bad` }, ofA);
    const good = () => app.enqueue({ url: `${well.url}/good` }, { client_id: 'client-b' });
    await Promise.all(Array.from({ length: 30 }, bad));
    await until(async () => (await changesTo('open')) > before);
    const shown = await app.get<CircuitView>(`/admin/circuits/${encodeURIComponent(well.url)}`);
    expect(shown.body).toMatchObject({ failed_by: 'client-a', last_error: '500' });
    // Behind those of the other, which were there first.
    for (const id of await Promise.all(Array.from({ length: 3 }, good)))
      await app.taskIn('completed', id, 20_000);
    const opened = await changesTo('open');
    const reasons = new Set<string | undefined>();
    for (let round = 0; round < 6; round++) {
      const more = await Promise.all(Array.from({ length: 6 }, bad));
      await app.taskIn('completed', await good());
      const held = await Promise.any(more.map((id) => app.taskIn('deferred', id).then(() => id)));
      reasons.add((await explained(held)).gates.at(-1)?.reason);
    }
    expect(reasons).toContain('client_held_by_host');
    // It may have been let in since.
    for (const reason of reasons)
      expect(['client_held_by_host', 'host_ramping', undefined]).toContain(reason);
    expect(await changesTo('open')).toBe(opened);
  });
});

describe('a host that is silent', () => {
  it('has not failed when tasks have given it too little time themselves', async () => {
    well.answer = () => undefined;
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => app.enqueue({ url: well.url }, { timeout: 0.01, max_retries: 0 })),
    );
    for (const id of ids) expect((await app.taskIn('dead_letter', id)).attempts).toHaveLength(1);
    well.reset();
    await app.taskIn('completed', await app.enqueue({ url: well.url }));
    const { body } = await app.get<CircuitView>(`/admin/circuits/${encodeURIComponent(well.url)}`);
    expect(body).toMatchObject({ state: 'closed', failures: 0 });
  });
});

it('that somebody opens while no admin key is asked for is opened by nobody that is known', async () => {
  const path = `/admin/circuits/${encodeURIComponent(well.url)}/open`;
  const open = await app.post<CircuitView>(path, { reason: 'it moves' });
  expect(open).toMatchObject({ status: 200, body: { forced: true, opened_by: null, reason: 'it moves' } });
});

describe('Retry-After', () => {
  it('of a 429 holds back what the client has for that host only', async () => {
    well.answer = (_request, response) => response.writeHead(429, { 'retry-after': '600' }).end();
    const first = await app.enqueue({ url: well.url });
    await app.taskIn('retrying', first);
    well.reset();
    const held = await app.enqueue({ url: well.url });
    await app.taskIn('deferred', held);
    expect((await explained(held)).gates.at(-1)).toMatchObject({ reason: 'client_held_by_host' });
    expect((await explained(held)).summary).toContain('gets no tasks of this client until');
    const other = await app.enqueue({ url: well.url }, { client_id: 'other-client' });
    await app.taskIn('completed', other);
  });

  it('of a 503 holds back what anybody has for that host', async () => {
    well.answer = (_request, response) => response.writeHead(503, { 'retry-after': '600' }).end();
    await app.taskIn('retrying', await app.enqueue({ url: well.url }));
    well.reset();
    const held = await app.enqueue({ url: well.url }, { client_id: 'other-client' });
    await app.taskIn('deferred', held);
    expect((await explained(held)).gates.at(-1)).toMatchObject({ reason: 'host_circuit_open' });
  });
});

async function changesTo(state: string): Promise<number> {
  const { body } = await app.get<string>('/metrics');
  return Number(new RegExp(`taskqueue_circuit_changes_total{to="${state}"} (\\d+)`).exec(body)?.[1] ?? 0);
}
