import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { WaitingTasks } from '../support/waiting-tasks.js';

let app: TestApp;
let target: Receiver;
let tasks: WaitingTasks;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ MAX_RETRY: '3' }), Receiver.start()]);
  tasks = new WaitingTasks(app, target);
});
beforeEach(async () => {
  await tasks.letAllGo();
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

const edit = (id: string, body: object) => app.send<TaskView>('PATCH', `/v1/tasks/${id}`, body);
const inMs = (time: string | undefined): number => Date.parse(time ?? '') - Date.now();

describe('rescheduling a task', () => {
  it('to now, or to earlier, makes it run then', async () => {
    const now = await tasks.scheduled();
    const earlier = await tasks.scheduled();
    expect((await edit(now, { delay: 0 })).status).toBe(200);
    const { body } = await edit(earlier, { delay: '300ms' });
    expect(body.state).toBe('scheduled');
    expect(body.next_attempt_at).toBe(body.scheduled_at);
    await app.taskIn('completed', now);
    const done = await app.taskIn('completed', earlier);
    expect(done.scheduled_at).toBe(body.scheduled_at);
    expect(Date.parse(done.attempts[0]!.started_at)).toBeGreaterThanOrEqual(Date.parse(body.scheduled_at));
    const { headers } = target.received.find((each) => each.headers['x-task-id'] === earlier)!;
    expect(headers['x-task-scheduled-at']).toBe(body.scheduled_at);
  });

  it('to later holds it back until then', async () => {
    const id = await tasks.scheduled();
    const scheduled_at = new Date(Date.now() + 7_200_000).toISOString();
    const { body } = await edit(id, { scheduled_at });
    expect(body).toMatchObject({ state: 'scheduled', scheduled_at, next_attempt_at: scheduled_at });
  });

  it.each(['pending', 'deferred'] as const)('takes a %s one out of its line', async (state) => {
    const id = await tasks[state]();
    const { status, body } = await edit(id, { delay: '1h' });
    expect(status).toBe(200);
    expect(body.state).toBe('scheduled');
    await tasks.letAllGo();
    const last = await app.enqueue({ url: `${target.url}/last` }, { queue: 'low' });
    await app.taskIn('completed', last);
    expect(target.received.map(({ path }) => path)).toEqual(['/last']);
    await edit(id, { delay: null });
    await app.taskIn('completed', id);
  });
});

describe('editing a task', () => {
  it.each(['pending', 'deferred', 'scheduled'] as const)('that is %s makes the other call', async (state) => {
    const id = await tasks[state]();
    const answer = await edit(id, {
      task: { url: `${target.url}/edited`, method: 'PUT', headers: { 'X-Own': 'b' }, body: 'edited ✓' },
      metadata: { edited: 'yes' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ state, task: { method: 'PUT', body: 'edited ✓' } });
    await tasks.letAllGo();
    if (state === 'scheduled') await edit(id, { delay: 0 });
    const task = await app.taskIn('completed', id);
    expect(task).toMatchObject({ metadata: { edited: 'yes' } });
    expect(target.received).toHaveLength(1);
    const [request] = target.received;
    expect(request).toMatchObject({ method: 'PUT', path: '/edited' });
    expect(request!.headers['x-own']).toBe('b');
    expect(request!.body.toString()).toBe('edited ✓');
  });

  it('leaves what it does not name, headers too', async () => {
    const fields = { delay: '1h', metadata: { a: 'b' }, max_retries: 1, timeout: 7, ttl: '3h' };
    const call = { url: target.url, method: 'PUT', headers: { 'X-Secret': 's' }, body: 'as it was' };
    const id = await app.enqueue(call, fields);
    const before = (await app.get<TaskView>(`/v1/tasks/${id}`)).body;
    expect((await edit(id, {})).body).toEqual(before);
    const { body } = await edit(id, { task: { url: `${target.url}/there` }, delay: 0 });
    expect(body).toMatchObject({
      task: { url: `${target.url}/there`, method: 'PUT', body: 'as it was' },
      metadata: before.metadata,
      expires_at: before.expires_at,
      created_at: before.created_at,
      max_retries: 1,
      timeout: 7,
    });
    await app.taskIn('completed', id);
    expect(target.received[0]!.headers['x-secret']).toBe('s');
    expect(target.received[0]!.body.toString()).toBe('as it was');
  });

  it('sends the headers that are stored to no other server', async () => {
    const call = { url: target.url, headers: { Authorization: 'secret' }, body: 'x' };
    const id = await app.enqueue(call, { delay: '1h' });
    const refused = await app.send<Problem>('PATCH', `/v1/tasks/${id}`, {
      task: { url: 'http://127.0.0.1:9/' },
    });
    expect([refused.status, refused.body.errors?.map(({ pointer }) => pointer)]).toEqual([
      400,
      ['/task/headers'],
    ]);
    const anew = { url: 'http://127.0.0.1:9/', headers: { 'X-Own': 'a' } };
    expect((await edit(id, { task: anew })).status).toBe(200);
    const bare = await app.enqueue({ url: target.url, json: {} }, { delay: '1h' });
    expect((await edit(bare, { task: { url: 'http://127.0.0.1:9/' } })).status).toBe(200);
  });

  it('changes who is told when it has ended', async () => {
    const before = { callback_url: `${target.url}/done`, failure_callback_url: `${target.url}/failed` };
    const id = await app.enqueue({ url: target.url }, { delay: '1h', ...before });
    expect((await edit(id, { callback_url: `${target.url}/told` })).body).toMatchObject({
      callback_url: `${target.url}/told`,
      failure_callback_url: before.failure_callback_url,
    });
    const { body } = await edit(id, { failure_callback_url: null });
    expect(body).not.toHaveProperty('failure_callback_url');
    for (const url of ['http://10.0.0.1/', 'nowhere', 7])
      expect((await edit(id, { callback_url: url })).status).toBe(400);
    await edit(id, { delay: 0 });
    await target.gets(2);
    expect(target.received.map(({ path }) => path)).toEqual(['/', '/told']);
    const quiet = await app.enqueue({ url: target.url }, { delay: '1h', ...before });
    await edit(quiet, { callback_url: null, failure_callback_url: null, delay: 0 });
    expect(await app.taskIn('completed', quiet)).not.toHaveProperty('callback_task_id');
  });

  it('replaces one kind of body by another', async () => {
    const id = await app.enqueue({ url: target.url, body_base64: 'AAE=' }, { delay: '1h' });
    await edit(id, { task: { json: { a: 1 } }, delay: 0 });
    await app.taskIn('completed', id);
    expect(target.received[0]!.body.toString()).toBe('{"a":1}');
    expect(target.received[0]!.headers['content-type']).toBe('application/json');
  });

  it('changes its limits, and null gives them back their defaults', async () => {
    const id = await tasks.scheduled({ max_retries: 9, timeout: 9 });
    const { body } = await edit(id, { max_retries: 0, timeout: '2s', ttl: '2h' });
    expect(body).toMatchObject({ max_retries: 0, max_attempts: 1, timeout: 2 });
    expect(inMs(body.expires_at)).toBeGreaterThan(7_000_000);
    const all = { max_retries: null, timeout: null, ttl: null, metadata: null };
    const { body: again } = await edit(id, all);
    expect(again).toMatchObject({ max_retries: 3, timeout: 1800, metadata: {} });
    expect(again.expires_at).toBeUndefined();
  });

  it('that a gate holds moves its expiry', async () => {
    const id = await tasks.deferred({ ttl: '1h' });
    expect((await edit(id, { ttl: '300ms' })).body.state).toBe('deferred');
    await app.taskIn('expired', id);
    expect(target.received).toHaveLength(0);
  });
});

describe('an edit is refused', () => {
  it('of a task of which an attempt has begun', async () => {
    const { id, answer } = await tasks.running();
    const body = { task: { body: 'too late' } };
    expect(await edit(id, body)).toMatchObject({ status: 409, body: { code: 'task_started' } });
    answer();
    await app.taskIn('completed', id);
    const retrying = await tasks.retrying();
    expect(await edit(retrying, body)).toMatchObject({ status: 409, body: { code: 'task_started' } });
  });

  it('of one that was retried and has not begun again', async () => {
    const id = await tasks.dead({ client_id: 'held-client' });
    await tasks.deferred();
    await app.send('POST', `/v1/tasks/${id}/retry`);
    await app.taskIn('deferred', id);
    expect(await edit(id, { delay: 1 })).toMatchObject({ status: 409, body: { code: 'task_started' } });
  });

  it('of a finished one, and of none', async () => {
    const id = await app.enqueue({ url: target.url });
    await app.taskIn('completed', id);
    expect(await edit(id, { delay: 1 })).toMatchObject({ status: 409, body: { code: 'task_finished' } });
    const unknown = await edit(randomUUID(), { delay: 1 });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
  });

  it.each([
    [{ task: { url: 'ftp://x/' } }, '/task/url'],
    [{ task: { url: null } }, '/task/url'],
    [{ task: { url: 'http://10.0.0.1/' } }, '/task/url'],
    [{ task: { headers: { Host: 'x' } } }, '/task/headers/Host'],
    [{ task: { body: 'a', json: 1 } }, '/task'],
    [{ task: { method: 'BREW' } }, '/task/method'],
    [{ delay: '-1s' }, '/delay'],
    [{ delay: '400h', ttl: '1h' }, '/ttl'],
    [{ scheduled_at: 'tomorrow' }, '/scheduled_at'],
    [{ max_retries: -1 }, '/max_retries'],
    [{ timeout: 0 }, '/timeout'],
    [{ metadata: { a: 1 } }, '/metadata'],
    [{ queue: 'high' }, '/queue'],
    [{ client_id: 'another' }, '/client_id'],
  ])('by the rules of enqueueing: %j', async (body, pointer) => {
    const id = await tasks.scheduled();
    const before = (await app.get(`/v1/tasks/${id}`)).body;
    const answer = await edit(id, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ pointer }] } });
    expect((await app.get(`/v1/tasks/${id}`)).body).toEqual(before);
  });

  it('when the task would then expire before it is due', async () => {
    const id = await tasks.scheduled({ ttl: '2h' });
    expect(await edit(id, { delay: '3h' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/expires_at' }] },
    });
    expect((await edit(id, { delay: '3h', ttl: '4h' })).status).toBe(200);
  });
});

it('edits that come at the same time all take effect', async () => {
  const id = await tasks.scheduled();
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const wanted = { max_retries: n, timeout: n, metadata: { n: String(n) } };
    const edits = [...Object.entries(wanted).map(([name, value]) => ({ [name]: value })), { ttl: '2h' }];
    const answers = await Promise.all(edits.map((body) => edit(id, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await app.get(`/v1/tasks/${id}`)).body).toMatchObject(wanted);
  }
});
