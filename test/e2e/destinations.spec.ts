import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DestinationsView } from '../../src/admin/admin-destinations.dto.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
/** An API in another process. */
let other: TestApp;
let target: Receiver;
let elsewhere: Receiver;
beforeAll(async () => {
  app = await TestApp.start();
  other = await TestApp.start({ MODE: 'api' }, true);
  [target, elsewhere] = await Promise.all([Receiver.start(), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
  elsewhere.reset();
});
afterAll(async () => {
  await Promise.all([app.stop(), other.stop(), target.stop(), elsewhere.stop()]);
});

interface Refusal {
  readonly errors: readonly { pointer: string; detail: string }[];
}

const hostOf = ({ url }: Receiver) => new URL(url).host;
const set = (client_id: string, fields: object = {}) =>
  app.send('POST', '/admin/clients/set', { client_id, tier: 'enterprise', ...fields });
const put = (client_id: string, body: object, headers = {}) =>
  app.send<DestinationsView & Refusal>('PUT', `/admin/clients/${client_id}/destinations`, body, headers);
const get = (client_id: string) => app.get<DestinationsView>(`/admin/clients/${client_id}/destinations`);
const enqueue = (client_id: string, url: string, fields: object = {}, at = app) =>
  at.post<Refusal & { task_id: string }>('/v1/enqueue', { client_id, task: { url }, ...fields });

describe('the destinations of a client', () => {
  it('are all hosts until some are set, and shown as they are compared', async () => {
    await set('plain');
    expect((await get('plain')).body).toEqual({ allow: [], deny: [] });
    const { status, body } = await put('plain', {
      allow: ['*.Example.COM.', 'bücher.example:8443', '[2001:DB8::0]', '10.0.0.0/8', '*.example.com'],
      deny: ['*:22'],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      allow: ['*.example.com', 'xn--bcher-kva.example:8443', '[2001:db8::]', '10.0.0.0/8'],
      deny: ['*:22'],
    });
    expect((await get('plain')).body).toEqual(body);
    await set('plain', { tier: 'basic' });
    expect((await get('plain')).body).toEqual(body);
    expect(await put('plain', {})).toMatchObject({ status: 400, body: { errors: [{ pointer: '' }] } });
    expect((await get('plain')).body).toEqual(body);
    expect((await put('plain', { allow: [] })).body).toEqual({ allow: [], deny: [] });
  });

  it('are changed on the condition of If-Match, and the change is in the audit log', async () => {
    await set('careful');
    const tag = (await get('careful')).headers.get('etag')!;
    expect((await put('careful', { deny: ['a.example'] }, { 'if-match': tag })).status).toBe(200);
    expect((await put('careful', { deny: ['b.example'] }, { 'if-match': tag })).status).toBe(412);
    const log = await app.get<{ entries: object[] }>('/admin/audit?target=client:careful&limit=1');
    expect(log.body.entries).toMatchObject([
      { action: 'client.destinations', after: { destinations: { allow: [], deny: ['a.example'] } } },
    ]);
  });

  it('are refused with every pattern that is none; nobody who is not there has any', async () => {
    await set('wrong');
    const { status, body } = await put('wrong', { allow: ['ok.example', 'http://x'], deny: ['a..b', '*.*'] });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(['/allow/1', '/deny/0', '/deny/1']);
    const ambiguous = await put('wrong', { deny: ['010.1.1.1'] });
    expect(ambiguous).toMatchObject({ status: 400, body: { errors: [{ pointer: '/deny/0' }] } });
    expect(ambiguous.body.errors[0]?.detail).toContain('write 8.1.1.1');
    expect((await put('wrong', { allow: Array(101).fill('a.example') })).status).toBe(400);
    expect((await put('wrong', { allow: [1], colour: 'red' })).status).toBe(400);
    expect((await put('nobody', { deny: ['*'] })).status).toBe(404);
    expect((await get('nobody')).status).toBe(404);
  });

  it('hold what is enqueued from the next request on, in another process, too', async () => {
    await set('fenced');
    expect((await enqueue('fenced', target.url, {}, other)).status).toBe(202);
    await put('fenced', { allow: [hostOf(elsewhere)] });
    for (const each of [other, app]) {
      const refused = await enqueue('fenced', target.url, {}, each);
      expect(refused.status).toBe(400);
      expect(refused.body.errors).toMatchObject([{ pointer: '/task/url' }]);
      expect(refused.body.errors[0]!.detail).toContain(hostOf(target));
      expect((await enqueue('fenced', elsewhere.url, {}, each)).status).toBe(202);
    }
    await put('fenced', { deny: ['8.8.8.0/24'] });
    for (const url of ['http://[64:ff9b::808:808]/', 'http://[::ffff:8.8.8.8]/'])
      expect((await enqueue('fenced', url, { delay: 60 })).body.errors).toMatchObject([
        { pointer: '/task/url' },
      ]);
    expect((await enqueue('fenced', 'http://[64:ff9b::909:909]/', { delay: 60 })).status).toBe(202);
    await put('fenced', { allow: [] });
    expect((await enqueue('fenced', target.url, {}, other)).status).toBe(202);
  });

  it('hold each task of a batch', async () => {
    await set('batching');
    await put('batching', { deny: [hostOf(target)] });
    const tasks = [target, elsewhere].map(({ url }) => ({ client_id: 'batching', task: { url } }));
    const { body } = await app.post<{ results: object[] }>('/v1/enqueue/batch', { tasks });
    expect(body.results).toMatchObject([
      { status: 'error', error: { errors: [{ pointer: '/tasks/0/task/url' }] } },
      { status: 'enqueued' },
    ]);
    const atomic = await app.post<Refusal>('/v1/enqueue/batch', { tasks, atomic: true });
    expect(atomic).toMatchObject({ status: 400 });
  });

  it('hold an edit', async () => {
    await set('editing');
    const { body } = await enqueue('editing', target.url, { delay: 3600 });
    await put('editing', { deny: [hostOf(elsewhere)] });
    const edit = (task: object) => app.send<Refusal>('PATCH', `/v1/tasks/${body.task_id}`, { task });
    const refused = await edit({ url: elsewhere.url });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/task/url' }] } });
    expect((await edit({ url: `${target.url}/other` })).status).toBe(200);
  });

  it('do not change the answer to a request that is sent again', async () => {
    await set('again');
    const send = () => enqueue('again', target.url, { task_id: 'first', delay: 3600 });
    const first = await send();
    await put('again', { deny: ['*'] });
    expect(await send()).toMatchObject({ status: 202, body: first.body });
    expect((await enqueue('again', target.url, { task_id: 'second' })).status).toBe(400);
  });
});

describe('a worker', () => {
  it('makes no call that is forbidden by then: the task is a dead letter that says why', async () => {
    await set('late');
    await set('others');
    // It knows of no destinations, and then of those of this client.
    await app.taskIn('completed', (await enqueue('late', target.url)).body.task_id);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await enqueue('late', target.url, { delay: 2 })).body.task_id);
    const allowed = (await enqueue('others', target.url, { delay: 2 })).body.task_id;
    await put('late', { deny: [hostOf(target)] });
    for (const id of ids) {
      const task = await app.taskIn('dead_letter', id);
      expect(task).toMatchObject({ dead_letter_reason: 'permanent_failure', attempts_made: 1 });
      expect(task.attempts).toMatchObject([{ class: 'not_sent', error: { code: 'destination_refused' } }]);
      expect(task.attempts[0]!.error!.message).toContain(hostOf(target));
    }
    await app.taskIn('completed', allowed);
    expect(target.received).toHaveLength(2);
    // Once it is allowed again, a retry by hand delivers it.
    await put('late', { deny: [] });
    await until(
      async () => {
        await app.send('POST', `/v1/tasks/${ids[0]}/retry`);
        const { body } = await app.get<TaskView>(`/v1/tasks/${ids[0]}`);
        return body.state === 'completed';
      },
      { every: 200 },
    );
  });
});
