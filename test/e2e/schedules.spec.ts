import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type {
  Preview,
  RunAnswer,
  ScheduleList,
  ScheduleView,
} from '../../src/schedules/schedule-view.dto.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { inRedis, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CLIENT = 'timed-client';

let app: TestApp;
let target: Receiver;
beforeAll(async () => {
  [app, target] = await Promise.all([
    TestApp.start({ SCHEDULES_PER_CLIENT: '5', TASK_ENCRYPTION_KEY: 'a'.repeat(64) }),
    Receiver.start(),
  ]);
  await app.post('/admin/clients/set', { client_id: CLIENT, tier: 'enterprise' });
});
beforeEach(async () => {
  for (const { id } of (await app.get<ScheduleList>('/v1/schedules')).body.schedules)
    await app.send('DELETE', `/v1/schedules/${id}`);
  target.reset();
});
afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});

interface Refusal {
  readonly code: string;
  readonly errors: readonly { pointer: string }[];
}

const create = (fields: object = {}, headers = {}) =>
  app.post<ScheduleView & Refusal>(
    '/v1/schedules',
    { client_id: CLIENT, schedule_id: 'tick', every: 1, task: { url: target.url, body: 'hello' }, ...fields },
    headers,
  );
const get = async (id = `${CLIENT}.tick`) => (await app.get<ScheduleView>(`/v1/schedules/${id}`)).body;
const ids = () => target.received.map(({ headers }) => String(headers['x-task-id']));

describe('a schedule', () => {
  it('enqueues each occurrence once, as a task with an id that says which', async () => {
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ id: `${CLIENT}.tick`, state: 'active', every: 1, overlap: 'allow', misfire: 'once' },
      ...{ max_lateness: 3600, fired: 0, task: { url: target.url, method: 'POST' } },
    });
    await target.gets(3);
    expect(target.received[0]!.body.toString()).toBe('hello');
    expect(new Set(ids()).size).toBe(ids().length);
    const times = ids().map((id) => /^timed-client\.tick@(\d{8}T\d{9}Z)$/.exec(id)?.[1]);
    expect(times.every((time) => time !== undefined)).toBe(true);
    const task = (await app.get<TaskView>(`/v1/tasks/${ids()[0]!}`)).body;
    expect(task).toMatchObject({ schedule_id: `${CLIENT}.tick`, client_id: CLIENT });
    const schedule = await get();
    expect(schedule.fired).toBeGreaterThanOrEqual(3);
    expect(schedule.last_task_id).toContain(`${CLIENT}.tick@`);
    expect(Date.parse(schedule.next_run_at!)).toBeGreaterThan(Date.parse(schedule.last_run_at!));
  });

  it('is created once: the same request again answers it, another one is refused', async () => {
    const first = await create({ every: 3600 });
    const again = await create({ every: 3600 });
    expect(again).toMatchObject({ status: 201, body: { created_at: first.body.created_at } });
    expect(await create({ every: 60 })).toMatchObject({ status: 409, body: { code: 'schedule_exists' } });
  });

  it('is paused, goes on, is changed, is run by hand and deleted', async () => {
    await create({ every: 3600 });
    const path = `/v1/schedules/${CLIENT}.tick`;
    const paused = await app.post<ScheduleView>(`${path}/pause`, { reason: 'holidays' });
    expect(paused.body).toMatchObject({ state: 'paused', pause_reason: 'holidays' });
    expect(paused.body).not.toHaveProperty('next_run_at');
    const run = await app.post<RunAnswer>(`${path}/run`, {});
    expect(run.status).toBe(202);
    await app.taskIn('completed', run.body.task_id).catch(() => undefined);
    expect(ids()).toEqual([run.body.task_id]);
    expect((await app.post<ScheduleView>(`${path}/resume`, {})).body).toMatchObject({
      state: 'active',
      fired: 1,
    });
    const edited = await app.send<ScheduleView>('PATCH', path, { cron: '0 3 * * *', timezone: 'Asia/Tokyo' });
    expect(edited.body).toMatchObject({
      cron: '0 3 * * *',
      timezone: 'Asia/Tokyo',
      task: { url: target.url },
    });
    expect(edited.body.next_run_at).toMatch(/T18:00:00.000Z$/);
    expect(edited.body).not.toHaveProperty('every');
    const bad = await app.send<Refusal>('PATCH', path, { cron: 'x' });
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ pointer: '/cron' }] } });
    expect((await app.send('DELETE', path)).status).toBe(204);
    expect((await app.get(path)).status).toBe(404);
    expect((await app.post(`${path}/run`, {})).status).toBe(404);
  });

  it('leaves out what comes while the one before has not ended, or lets one wait', async () => {
    const open: (() => void)[] = [];
    target.answer = (_, response) => void open.push(() => response.end());
    await create({ overlap: 'skip' });
    await create({ schedule_id: 'queued', overlap: 'queue', task: { url: `${target.url}/queued` } });
    await until(async () => (await get()).skipped >= 2 && (await get(`${CLIENT}.queued`)).skipped >= 1, {
      timeoutMs: 15_000,
    });
    expect(target.received.filter(({ path }) => path === '/')).toHaveLength(1);
    expect(target.received.filter(({ path }) => path === '/queued')).toHaveLength(1);
    expect((await get()).last_skip).toMatchObject({ reason: 'overlap' });
    target.answer = (_, response) => response.end();
    for (const answer of open) answer();
    await until(() => target.received.filter(({ path }) => path === '/queued').length > 1);
    await until(async () => (await get()).fired > 1);
  });

  it('says why an occurrence became no task, and goes on', async () => {
    await create();
    await target.gets(1);
    await app.post('/admin/clients/set', { client_id: CLIENT, enabled: false });
    await until(async () => (await get()).last_skip?.reason === 'client_disabled');
    await app.post('/admin/clients/set', { client_id: CLIENT, enabled: true });
    const { fired } = await get();
    await until(async () => (await get()).fired > fired);
  });
});

describe('a schedule of typed tasks', () => {
  const typed = (type: string, payload: object, fields: object = {}) =>
    create({ task: undefined, type, payload, ...fields });
  const firstTask = async (state = 'completed') => {
    await until(async () => (await get()).last_task_id !== undefined);
    const id = (await get()).last_task_id!;
    await app.taskIn(state, id);
    return (await app.get<TaskView>(`/v1/tasks/${id}?include=result`)).body;
  };

  it('runs them in the handler of their type', async () => {
    expect((await typed('echo', { n: 1 })).body).toMatchObject({ type: 'echo', queue: 'default' });
    const task = await firstTask();
    expect(task).toMatchObject({ type: 'echo', payload: { n: 1 }, result: { echoed: { n: 1 } } });
    expect(task.schedule_id).toBe(`${CLIENT}.tick`);
  });

  it('composes an e-mail whose Message-ID is one', async () => {
    await typed('email', { to: 'a@b.example', subject: 'Hi' });
    const { result } = await firstTask();
    expect((result as { message_id: string }).message_id).toMatch(
      /^<timed-client\.tick\+[\dT]+Z@task-runner>$/,
    );
  });

  it('calls what their type is mapped to, as that is when they fire', async () => {
    const map = (path: string) =>
      app.send('PUT', '/admin/task-types/nightly', { url: `${target.url}${path}` });
    await map('/one');
    await typed('nightly', { n: 2 });
    await target.gets(1);
    expect(target.received[0]).toMatchObject({ path: '/one', headers: { 'x-task-type': 'nightly' } });
    expect(target.received[0]!.body.toString()).toBe('{"n":2}');
    await map('/two');
    await until(() => target.received.some(({ path }) => path === '/two'));
    await app.send('DELETE', '/admin/task-types/nightly');
    await until(async () => (await get()).last_skip?.reason === 'invalid');
  });

  it('is refused for what its type does not take, and becomes a call and typed again', async () => {
    expect(await typed('sleep', { seconds: -1 })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/payload/seconds' }] },
    });
    expect(await typed('nothing', {})).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/type' }] },
    });
    await typed('echo', { n: 1 }, { every: 3600 });
    const edit = (fields: object) => app.send<ScheduleView>('PATCH', `/v1/schedules/${CLIENT}.tick`, fields);
    const call = (await edit({ task: { url: target.url } })).body;
    expect([call.task?.url, call.type]).toEqual([target.url, undefined]);
    const again = (await edit({ type: 'echo', payload: {} })).body;
    expect([again.task, again.type]).toEqual([undefined, 'echo']);
  });
});

describe('what a task asks for', () => {
  it('a schedule whose task runs it comes to an end', async () => {
    const task = { url: `${app.url}/v1/schedules/${CLIENT}.tick/run`, method: 'POST' };
    await create({ every: 3600, task });
    const first = (await app.post<RunAnswer>(`/v1/schedules/${CLIENT}.tick/run`, {})).body.task_id;
    await app.taskIn('completed', first);
    const dead = async () =>
      (await app.get<{ tasks: TaskView[] }>(`/v1/tasks?client_id=${CLIENT}&state=dead_letter`)).body.tasks;
    await until(async () => (await dead()).length === 1, { timeoutMs: 20_000 });
    expect(await get()).toMatchObject({ fired: 5 });
    expect(JSON.stringify((await app.get(`/v1/tasks/${(await dead())[0]!.task_id}`)).body)).toContain(
      'task_loop',
    );
  });

  it('no schedule, run or retry comes of a task that came of five, and no retry of any', async () => {
    await create({ every: 3600 });
    const of = (depth: number) => ({ 'x-task-depth': String(depth) });
    const loop = { status: 400, body: { code: 'task_loop' } };
    expect(await create({ schedule_id: 'child' }, of(5))).toMatchObject(loop);
    expect(await app.post(`/v1/schedules/${CLIENT}.tick/run`, {}, of(5))).toMatchObject(loop);
    expect(await app.post('/v1/tasks/any/retry', {}, of(1))).toMatchObject(loop);
    expect(await app.post('/admin/tasks/any/retry', {}, of(1))).toMatchObject(loop);
    expect(await app.post('/admin/dlq/any/retry', {}, of(1))).toMatchObject(loop);
    expect((await create({ schedule_id: 'child' }, of(4))).status).toBe(201);
    await target.gets(1);
    expect(target.received[0]!.headers['x-task-depth']).toBe('5');
  });
});

it('a change that is not about times leaves what is due as it is', async () => {
  await create({ every: 3600 });
  const due = Date.now() - 5000;
  await inRedis(async (redis) => {
    await redis.hset('{tr}:schedules:progress', `${CLIENT}.tick`, JSON.stringify({ next: due }));
  });
  const { body } = await app.send<ScheduleView>('PATCH', `/v1/schedules/${CLIENT}.tick`, {
    metadata: { a: 'b' },
  });
  expect(Date.parse(body.next_run_at!)).toBe(due);
});

it('two who run it at the same time have a task each', async () => {
  await create({ every: 3600, overlap: 'skip' });
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => app.post<RunAnswer>(`/v1/schedules/${CLIENT}.tick/run`, {})),
  );
  const wanted = new Set(runs.map(({ body }) => body.task_id));
  expect(wanted.size).toBe(20);
  await until(() => new Set(ids()).size === 20, { timeoutMs: 15_000 });
  await until(async () => (await get()).fired === 20);
  expect(await inRedis((redis) => redis.hlen('{tr}:schedules:waiting'))).toBe(0);
});

it('an address that its client may not call any more is called by no task', async () => {
  await create();
  await target.gets(1);
  await app.send('PUT', `/admin/clients/${CLIENT}/destinations`, { allow: ['*.example.com'] });
  await until(async () => (await get()).last_skip?.reason === 'invalid');
  await app.send('PUT', `/admin/clients/${CLIENT}/destinations`, { allow: [] });
  const { fired } = await get();
  await until(async () => (await get()).fired > fired);
});

it('a schedule is refused with everything that is wrong with it', async () => {
  const refused = async (fields: object) => {
    const { status, body } = await create(fields);
    return [status, body.errors.map(({ pointer }) => pointer)];
  };
  expect(await refused({ every: 0.5 })).toEqual([400, ['/every']]);
  expect(await refused({ cron: '* * * * *' })).toEqual([400, ['/cron']]);
  expect(await refused({ every: null, cron: '* * *', timezone: 'Mars/Olympus' })).toEqual([
    400,
    ['/timezone', '/cron'],
  ]);
  expect(await refused({ max_lateness: '9000h', task: { url: 'http://10.0.0.1/' } })).toEqual([
    400,
    ['/max_lateness', '/task/url'],
  ]);
  expect(await refused({ delay: 5 })).toEqual([400, ['/delay']]);
  expect(await refused({ queue: 'nowhere' })).toEqual([400, ['/queue']]);
  for (let n = 0; n < 5; n++) await create({ schedule_id: `s${n}`, every: 3600 });
  expect(await create({ schedule_id: 's5' })).toMatchObject({
    status: 409,
    body: { code: 'too_many_schedules' },
  });
});

it('the next times are shown, with what the setting of clocks does, also of a timing that is none yet', async () => {
  await create({ every: null, cron: '30 2 * * *', timezone: 'Europe/Berlin' });
  const saved = await app.get<Preview>(`/v1/schedules/${CLIENT}.tick/preview?count=3`);
  expect(saved.body.runs).toHaveLength(3);
  expect(saved.body.runs[0]!.local_time).toContain('02:30:00');
  const asked = { cron: '30 2 * * *', timezone: 'America/New_York' };
  const unsaved = await app.post<Preview>('/v1/schedules/preview?count=100', asked);
  expect(unsaved.body.runs).toHaveLength(100);
  expect(await app.post('/v1/schedules/preview', { cron: 'x' })).toMatchObject({ status: 400 });
  expect((await app.get(`/v1/schedules/${CLIENT}.tick/preview?count=101`)).status).toBe(400);
});

it('with the key of a client there are only its own', async () => {
  await app.post('/admin/clients/set', { client_id: 'other-client', tier: 'enterprise' });
  const key = async (client: string) => {
    const made = await app.post<{ key: string }>(`/admin/clients/${client}/keys`, {});
    return { authorization: `Bearer ${made.body.key}` };
  };
  const [own, other] = [await key(CLIENT), await key('other-client')];
  await create({ client_id: undefined, every: 3600 }, own);
  await create({ client_id: undefined, every: 3600 }, other);
  const list = await app.get<ScheduleList>('/v1/schedules', own);
  expect(list.body.schedules.map(({ id }) => id)).toEqual([`${CLIENT}.tick`]);
  expect((await app.get<ScheduleView>('/v1/schedules/tick', own)).body.client_id).toBe(CLIENT);
  expect((await app.get(`/v1/schedules/${CLIENT}.tick`, other)).status).toBe(404);
  expect((await app.send('DELETE', `/v1/schedules/${CLIENT}.tick`, undefined, other)).status).toBe(404);
  expect(await create({}, other)).toMatchObject({ status: 403 });
  const page = await app.get<ScheduleList>('/v1/schedules?limit=1');
  expect(page.body.schedules).toHaveLength(1);
  const next = await app.get<ScheduleList>(`/v1/schedules?limit=1&cursor=${page.body.next_cursor!}`);
  expect(next.body.schedules.map(({ id }) => id)).toEqual([`${CLIENT}.tick`]);
});
