import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../src/admin/admin-keys.dto.js';
import { routesOf } from '../support/routes.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };

let app: TestApp;
let open: TestApp;
let target: Receiver;
let owner: Record<string, string>;
let stranger: Record<string, string>;
beforeAll(async () => {
  const settings = { MODE: 'api', ADMIN_API_KEY: ADMIN['x-admin-key'] };
  app = await TestApp.start({ ...settings, AUTH_MODE: 'key' });
  open = await TestApp.start({ ...settings, MODE: 'both', AUTH_MODE: 'open' }, true);
  target = await Receiver.start();
  [owner, stranger] = [await keyOf('owner'), await keyOf('stranger')];
});
afterAll(async () => {
  await Promise.all([app.stop(), open.stop(), target.stop()]);
});

async function keyOf(clientId: string): Promise<Record<string, string>> {
  await app.send('POST', '/admin/clients/set', { client_id: clientId, tier: 'enterprise' }, ADMIN);
  const { body } = await app.send<CreatedKey>('POST', `/admin/clients/${clientId}/keys`, {}, ADMIN);
  return { authorization: `Bearer ${body.key}` };
}

const enqueue = async (fields: object = {}) => {
  const body = { task: { url: target.url }, delay: 3600, ...fields };
  return (await app.post<{ task_id: string }>('/v1/enqueue', body, owner)).body.task_id;
};

/** Everything that is told of an answer but the id of its request. */
const told = ({ status, body }: { status: number; body: object }) => ({
  status,
  ...body,
  request_id: 'of every request another one',
});

describe('every route about a task', () => {
  const routes = () => routesOf(app).filter(({ path }) => /^\/v1\/tasks(\/|$)/.test(path));

  it('is one that the description of the API has', () => {
    const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const found = routes().filter(({ method }) => method !== 'HEAD');
    expect(found.length).toBeGreaterThanOrEqual(6);
    expect(found.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      described.filter((each) => / \/v1\/tasks(\/|$)/.test(each)).toSorted(),
    );
  });

  it('tells a stranger what it tells of a task that is not there, and does nothing', async () => {
    for (const id of [await enqueue(), await enqueue({ task_id: 'mine' })]) {
      const before = await app.get(`/v1/tasks/${id}`, owner);
      expect(before.status).toBe(200);
      for (const { method, path } of routes()) {
        // The list of all tasks has tests of its own.
        if (path === '/v1/tasks') continue;
        expect(path, 'a route without an id').toContain(':id');
        const send = (taskId: string) => app.send(method, path.replace(':id', taskId), undefined, stranger);
        const missing = id.includes('.') ? 'owner.nobody' : '00000000-0000-4000-8000-000000000000';
        const answer = await send(id);
        expect(answer.status, `${method} ${path}`).toBe(404);
        expect(told(answer)).toEqual(told(await send(missing)));
      }
      expect((await app.get(`/v1/tasks/${id}`, owner)).body).toEqual(before.body);
    }
  });

  it('serves the owner and the admin', async () => {
    for (const headers of [owner, ADMIN]) {
      const id = await enqueue();
      expect((await app.get(`/v1/tasks/${id}`, headers)).status).toBe(200);
      expect((await app.get(`/v1/tasks/${id}/explain`, headers)).status).toBe(200);
      expect((await app.send('PATCH', `/v1/tasks/${id}`, { delay: 60 }, headers)).status).toBe(200);
      expect((await app.send('POST', `/v1/tasks/${id}/run`, undefined, headers)).status).toBe(200);
      expect((await app.send('POST', `/v1/tasks/${id}/retry`, undefined, headers)).status).toBe(409);
    }
    const id = await enqueue();
    expect((await app.send('DELETE', `/v1/tasks/${id}`, undefined, owner)).status).toBe(200);
  });

  it('says nothing about a task to who sends no key', async () => {
    const id = await enqueue();
    for (const { method, path } of routes()) {
      const known = await app.send(method, path.replace(':id', id));
      expect(known.status).toBe(401);
      expect(told(await app.send(method, path.replace(':id', 'nobody')))).toEqual(told(known));
    }
  });
});

describe('in open mode', () => {
  it('whoever knows the id sees the task, without its headers', async () => {
    const secret = { url: target.url, headers: { Authorization: 'Bearer for-the-target' } };
    const id = await enqueue({ task: secret });
    const answer = await open.get(`/v1/tasks/${id}`);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).not.toContain('for-the-target');
    expect((await open.send('POST', `/v1/tasks/${id}/run`)).status).toBe(200);
    const call = await until(() => target.received.find(({ headers }) => headers['x-task-id'] === id));
    expect(call.headers.authorization).toBe('Bearer for-the-target');
  });

  it('a key that is sent sees the tasks of its client only', async () => {
    const id = await enqueue();
    expect((await open.get(`/v1/tasks/${id}`, stranger)).status).toBe(404);
    expect((await open.get(`/v1/tasks/${id}`, owner)).status).toBe(200);
  });
});
