import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { Redis } from 'ioredis';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  target = await Receiver.start();
  const TASK_TYPES = JSON.stringify({
    'from.config': {
      url: `${target.url}/config`,
      method: 'PUT',
      payload_schema: { properties: { n: { type: 'number' } } },
    },
  });
  app = await TestApp.start({ TASK_TYPES, TASK_ENCRYPTION_KEY: 'cd'.repeat(32) });
});

afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});

const put = (type: string, body: object, headers = {}) =>
  app.send<Problem>('PUT', `/admin/task-types/${type}`, body, headers);

async function run(type: string, payload: unknown) {
  const { body } = await app.post<{ task_id: string }>('/v1/enqueue', { client_id: 'mapper', type, payload });
  return app.taskIn('completed', body.task_id);
}

it('a type that is mapped to a URL calls it with the payload, and says the type', async () => {
  const mapping = {
    url: `${target.url}/invoices`,
    headers: { Authorization: 'Bearer s3cret' },
    timeout: '7s',
  };
  const answer = await put('invoice.created', mapping);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      type: 'invoice.created',
      source: 'admin',
      method: 'POST',
      headers: ['Authorization'],
      timeout: 7,
    },
  });
  const task = await run('invoice.created', { id: 7, lines: ['ä'] });
  expect(task).toMatchObject({
    type: 'invoice.created',
    payload: { id: 7, lines: ['ä'] },
    task: { url: `${target.url}/invoices`, method: 'POST' },
    timeout: 7,
  });
  const request = target.received.find(({ path }) => path === '/invoices');
  expect(request?.body.toString()).toBe('{"id":7,"lines":["ä"]}');
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-task-type': 'invoice.created',
    authorization: 'Bearer s3cret',
  });
  const { body } = await app.get<{ tasks: unknown[] }>('/v1/tasks?type=invoice.created');
  expect(body.tasks).toHaveLength(1);
});

it('the credentials of a mapping are neither shown nor readable in Redis, and who made it is written down', async () => {
  await put('secretive', { url: target.url, headers: { 'X-Key': 'SESAME' } });
  const redis = new Redis(redisUrl());
  const stored = JSON.stringify(await redis.hgetall('{tr}:task-types'));
  await redis.quit();
  const shown = JSON.stringify((await app.get('/admin/task-types')).body);
  const audit = JSON.stringify((await app.get('/admin/audit?action=task_type.put')).body);
  for (const text of [stored, shown, audit]) expect(text).not.toContain('SESAME');
  expect(audit).toContain('task_type:secretive');
});

it('the credentials of a mapping go nowhere else: a task of its type is edited by its payload', async () => {
  const elsewhere = await Receiver.start();
  await put('guarded.by', { url: `${target.url}/guarded`, headers: { Authorization: 'Bearer SESAME' } });
  const body = { client_id: 'mallory', type: 'guarded.by', payload: { n: 1 }, delay: '1h' };
  const id = (await app.post<{ task_id: string }>('/v1/enqueue', body)).body.task_id;
  const edit = (fields: object) => app.send<Problem>('PATCH', `/v1/tasks/${id}`, fields);
  for (const url of [elsewhere.url, `${target.url}/other`]) {
    const refused = await edit({ task: { url } });
    expect([refused.status, refused.body.errors?.map(({ pointer }) => pointer)]).toEqual([
      400,
      ['/task/headers'],
    ]);
  }
  expect((await edit({ payload: { n: 2 }, task: { body: 'x' } })).status).toBe(400);
  expect((await edit({ payload: { n: 2 } })).body).toMatchObject({ payload: { n: 2 } });
  expect((await edit({ task: { url: elsewhere.url, headers: {} } })).status).toBe(200);
  await app.send('POST', `/v1/tasks/${id}/run`);
  const [request] = await elsewhere.gets(1);
  expect(request!.headers).not.toHaveProperty('authorization');
  expect(request!.body.toString()).toBe('{"n":2}');
  await elsewhere.stop();
});

it('what the configuration maps can be said otherwise, and counts again after that', async () => {
  const path = '/admin/task-types/from.config';
  expect((await app.get(path)).body).toMatchObject({ source: 'config', method: 'PUT' });
  expect((await app.send('DELETE', path)).status).toBe(404);
  await put('from.config', { url: `${target.url}/admin` });
  await run('from.config', {});
  expect(target.received.at(-1)).toMatchObject({ path: '/admin', method: 'POST' });
  expect((await app.send('DELETE', path)).status).toBe(204);
  await run('from.config', {});
  expect(target.received.at(-1)).toMatchObject({ path: '/config', method: 'PUT' });
});

it('its payloads are held to the schema that was set with it, whoever enqueues them', async () => {
  const payload_schema = {
    type: 'object',
    properties: { id: { type: 'integer' }, size: { enum: ['s', 'm'] } },
    required: ['id'],
  };
  const { body } = await put('checked', { url: target.url, payload_schema });
  expect(body).toMatchObject({ type: 'checked', payload_schema });
  expect((await app.get('/admin/task-types/checked')).body).toMatchObject({ payload_schema });
  const enqueue = (payload: unknown) =>
    app.post<Problem>('/v1/enqueue', { client_id: 'mapper', type: 'checked', payload });
  const wrong = await enqueue({ id: 'x' });
  expect([wrong.status, wrong.body.errors]).toEqual([
    400,
    [{ pointer: '/payload/id', detail: 'must be an integer' }],
  ]);
  expect((await enqueue({ id: 1, size: 'l' })).body.errors).toEqual([
    { pointer: '/payload/size', detail: 'must be one of "s", "m"' },
  ]);
  expect((await enqueue({ id: 1, size: 's' })).status).toBe(202);
  expect((await app.post('/tasks', { type: 'checked', data: {} })).body).toEqual({
    error: '/data/id is required',
  });
  expect((await app.post('/api/v1/tasks', { type: 'checked', payload: {} })).status).toBe(400);
  const schedule = { client_id: 'mapper', schedule_id: 'checked', every: '1h', type: 'checked', payload: {} };
  expect((await app.post('/v1/schedules', schedule)).status).toBe(400);
  const configured = { client_id: 'mapper', type: 'from.config', payload: { n: 'text' } };
  expect((await app.post<Problem>('/v1/enqueue', configured)).body.detail).toBe(
    '/payload/n must be a number',
  );
});

it('an edit of its payload is held to the schema that it has then', async () => {
  await put('edited', { url: target.url });
  const later = { client_id: 'mapper', type: 'edited', payload: { n: 1 }, delay: '1h' };
  const { body: task } = await app.post<{ task_id: string }>('/v1/enqueue', later);
  const edit = (payload: unknown) =>
    app.send<Problem>('PATCH', `/v1/tasks/${task.task_id}`, { payload }, { 'x-client-id': 'mapper' });
  expect((await edit({ n: 'text' })).status).toBe(200);
  await put('edited', { url: target.url, payload_schema: { properties: { n: { type: 'number' } } } });
  const wrong = await edit({ n: 'words' });
  expect([wrong.status, wrong.body.errors]).toEqual([
    400,
    [{ pointer: '/payload/n', detail: 'must be a number' }],
  ]);
  expect((await edit({ n: 2 })).status).toBe(200);
});

it('is changed on the conditions of If-Match and If-None-Match', async () => {
  const { headers } = await put('guarded', { url: target.url });
  const etag = headers.get('etag') ?? '';
  expect((await put('guarded', { url: target.url }, { 'if-none-match': '*' })).status).toBe(412);
  expect((await put('guarded', { url: `${target.url}/b` }, { 'if-match': etag })).status).toBe(200);
  expect((await put('guarded', { url: `${target.url}/c` }, { 'if-match': etag })).status).toBe(412);
});

it.each<[string, object, string]>([
  ['echo', {}, 'invalid_task_type'],
  ['no%20name', { url: 'https://a.example/' }, 'invalid_task_type'],
  ['a', {}, '/url is required'],
  [
    'a',
    { url: 'http://169.254.169.254/' },
    '/url must not point to 169.254.169.254 (cloud metadata address)',
  ],
  ['a', { url: 'ftp://a.example/' }, '/url must be absolute and start with http:// or https://'],
  ['a', { url: 'https://a.example/', headers: { Host: 'b' } }, '/headers/Host is taken from the URL'],
  [
    'a',
    { url: 'https://a.example/', method: 'TRACE' },
    '/method must be one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS',
  ],
  [
    'a',
    { url: 'https://a.example/', timeout: 0 },
    '/timeout must be more than 0 and at most 86400 seconds, or a text like "30s"',
  ],
  ['a', { url: 'https://a.example/', x: 1 }, '/x is not a field of this request'],
  ['a', { payload_schema: { $ref: '#' } }, '/payload_schema/$ref is no rule that can be used here'],
  ['a', { payload_schema: 'text' }, '/payload_schema must be a JSON Schema: an object'],
])('%s to %j is refused: %s', async (type, body, fault) => {
  const answer = await put(type, {
    url: 'https://a.example/',
    ...body,
    ...(Object.keys(body).length === 0 && type === 'a' && { url: undefined }),
  });
  expect(answer.status).toBe(400);
  const faults = answer.body.errors?.map(({ pointer, detail }) => `${pointer} ${detail}`) ?? [
    answer.body.code,
  ];
  expect(faults).toEqual([fault]);
});

it('tells every type there is', async () => {
  const { body } = await app.get<{ task_types: { type: string; source: string }[] }>('/admin/task-types');
  const types = body.task_types.map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(['http', 'echo', 'sleep', 'fail', 'email', 'from.config']));
  const unknown = await app.post<Problem>('/v1/enqueue', { client_id: 'mapper', type: 'nope' });
  for (const type of types) expect(unknown.body.detail).toContain(type);
  expect((await app.get('/admin/task-types/nope')).status).toBe(404);
});
