import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
let target: Receiver;
beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ MAX_RETRY: '0' }), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(() => Promise.all([app.stop(), target.stop()]));

async function dead(fields: object = {}): Promise<string> {
  target.answer = (_request, response) => response.writeHead(422).end('no such field');
  const id = await app.enqueue({ url: `${target.url}/before`, body: '{"wrong":1}' }, fields);
  await app.taskIn('dead_letter', id);
  target.reset();
  return id;
}

const edit = <T = TaskView>(id: string, body: object) => app.send<T>('PATCH', `/admin/dlq/${id}`, body);
const newest = async () =>
  (await app.get<{ entries: { action: string; target: string; after: object }[] }>('/admin/audit?limit=1'))
    .body.entries[0]!;

it('mends the call of a dead letter and retries it in one step', async () => {
  const id = await dead();
  const answer = await edit(id, {
    task: { url: `${target.url}/after`, headers: { 'x-mended': 'yes' }, body: '{"right":1}' },
    ...{ timeout: 7, max_retries: 2, retry: true },
  });
  expect(answer).toMatchObject({ status: 200, body: { task_id: id, timeout: 7, max_retries: 2 } });
  const done = await app.taskIn('completed', id);
  expect(done.attempts).toHaveLength(2);
  expect(target.received.map(({ path, body }) => [path, String(body)])).toEqual([['/after', '{"right":1}']]);
  expect(target.received[0]!.headers['x-mended']).toBe('yes');
  const line = await newest();
  expect(line).toMatchObject({ action: 'dead_letter.edit', target: `task:${id}` });
  expect(line.after).toEqual({ state: 'pending', edited: ['task', 'timeout', 'max_retries'] });
  expect(JSON.stringify(line)).not.toContain('right');
});

it('leaves it a dead letter unless it is to be retried, in the same group', async () => {
  const id = await dead();
  const { fingerprint } = (await app.get<TaskView & { fingerprint: string }>(`/admin/dlq/${id}`)).body;
  expect((await edit(id, { metadata: { seen: 'yes' } })).body).toMatchObject({ state: 'dead_letter' });
  const { body } = await app.get(`/admin/dlq/${id}`);
  expect(body).toMatchObject({ metadata: { seen: 'yes' }, ...(fingerprint && { fingerprint }) });
  expect(target.received).toEqual([]);
});

it('changes nothing when the edit breaks a rule, or it has expired, unless it is given more time', async () => {
  const id = await dead({ ttl: '900ms' });
  const refused = await edit<{ errors: { pointer: string }[] }>(id, {
    task: { url: 'ftp://nowhere', method: 'FETCH' },
    retry: true,
  });
  expect(refused.status).toBe(400);
  expect((await edit(id, { delay: 5 })).status).toBe(400);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const late = await edit<{ code: string }>(id, { max_retries: 9, retry: true });
  expect(late).toMatchObject({ status: 409, body: { code: 'task_expired' } });
  expect((await app.get(`/admin/dlq/${id}`)).body).toMatchObject({ max_retries: 0 });
  expect((await edit(id, { ttl: '1h', retry: true })).status).toBe(200);
  await app.taskIn('completed', id);
});

it('is for dead letters only', async () => {
  const id = await app.enqueue({ url: target.url });
  await app.taskIn('completed', id);
  expect(await edit(id, { retry: true })).toMatchObject({ status: 409, body: { code: 'not_a_dead_letter' } });
  expect(await edit('nobody', { retry: true })).toMatchObject({ status: 404 });
});
