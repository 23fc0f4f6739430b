import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterGroupList, DeadLetterList, DeadLetterResult } from '../../src/admin/admin-dlq.dto.js';
import { EventListener } from '../support/event-listener.js';
import { Receiver } from '../support/receiver.js';
import { storedKeys, TestApp } from '../support/test-app.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };

let app: TestApp;
let target: Receiver;
/** What the target answers: status and body. */
let answer: [status: number, body: string] = [500, ''];
beforeAll(async () => {
  app = await TestApp.start({ ADMIN_API_KEY: ADMIN['x-admin-key'] });
  target = await Receiver.start();
  target.answer = (_request, response) => {
    response.writeHead(answer[0]).end(answer[1]);
  };
});
afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});

async function dead(status: number, body: string, fields: object = {}): Promise<string> {
  answer = [status, body];
  const id = await app.enqueue({ url: target.url }, { max_retries: 0, ...fields });
  await app.taskIn('dead_letter', id);
  return id;
}

const list = async (query = '') => (await app.get<DeadLetterList>(`/admin/dlq${query}`, ADMIN)).body;
const groups = async () => (await app.get<DeadLetterGroupList>('/admin/dlq/groups', ADMIN)).body.groups;
const retrySome = async (body: object) => app.post<DeadLetterResult>('/admin/dlq/retry', body, ADMIN);
const ids = ({ tasks }: DeadLetterList) => tasks.map((task) => task.task_id);
const actions = async () =>
  (await app.get<{ entries: { action: string; target: string }[] }>('/admin/audit?limit=3', ADMIN)).body
    .entries;

beforeEach(async () => {
  const { tasks } = await list('?limit=1000');
  for (const { task_id } of tasks) await app.send('DELETE', `/admin/dlq/${task_id}`, undefined, ADMIN);
});

describe('dead letters', () => {
  it('are listed by when they died, with filters and a cursor', async () => {
    const one = await dead(500, 'order 17 is gone', { metadata: { order: '17' } });
    const two = await dead(500, 'order 99 is gone');
    const three = await dead(404, 'no such path', { queue: 'low' });
    const first = await list('?limit=2');
    expect(ids(first)).toEqual([three, two]);
    expect(ids(await list(`?limit=2&cursor=${first.next_cursor}`))).toEqual([one]);
    expect(ids(await list('?error=GONE'))).toEqual([two, one]);
    expect(ids(await list('?queue=low'))).toEqual([three]);
    expect(ids(await list('?label=order:17'))).toEqual([one]);
    expect(first.tasks[0]).toMatchObject({
      state: 'dead_letter',
      last_error: expect.stringContaining('HTTP 404') as string,
    });
    expect((await app.get('/admin/dlq?state=pending', ADMIN)).status).toBe(400);
  });

  it('are grouped by what they died of and where, and a group ends with its last one', async () => {
    const one = await dead(500, 'order 17 is gone');
    const two = await dead(500, 'order 99 is gone');
    const three = await dead(404, 'no such path');
    const host = new URL(target.url).origin;
    const [newest, older, ...none] = await groups();
    expect(none).toEqual([]);
    expect(newest).toMatchObject({ host, failure: 'HTTP 404 no such path', count: 1, sample: three });
    expect(older).toMatchObject({ host, failure: 'HTTP 500 order <n> is gone', count: 2, sample: two });
    expect(Date.parse(older!.first_seen)).toBeLessThan(Date.parse(older!.last_seen));
    expect(ids(await list(`?fingerprint=${older!.fingerprint}`))).toEqual([two, one]);
    expect((await list()).tasks[1]).toMatchObject({ fingerprint: older!.fingerprint });
    answer = [200, ''];
    expect((await app.post(`/admin/dlq/${three}/retry`, {}, ADMIN)).status).toBe(200);
    expect((await actions())[0]).toMatchObject({ action: 'dead_letter.retry', target: `task:${three}` });
    expect((await groups()).map(({ sample }) => sample)).toEqual([two]);
    await app.taskIn('completed', three);
  });

  it('can be deleted, and nothing is left of them', async () => {
    const id = await dead(500, 'x');
    expect((await app.get(`/admin/dlq/${id}`, ADMIN)).body).toMatchObject({
      task_id: id,
      attempts: [{ status: 500 }],
    });
    expect((await app.send('DELETE', `/admin/dlq/${id}`, undefined, ADMIN)).status).toBe(204);
    expect((await actions())[0]).toMatchObject({ action: 'dead_letter.delete', target: `task:${id}` });
    for (const path of [`/admin/dlq/${id}`, `/v1/tasks/${id}`])
      expect((await app.get(path, ADMIN)).status, path).toBe(404);
    expect((await app.send('DELETE', `/admin/dlq/${id}`, undefined, ADMIN)).status).toBe(404);
    expect([await groups(), ids(await list())]).toEqual([[], []]);
    expect((await storedKeys()).filter((key) => key.includes(id) || /:dead(?!:last$)/.test(key))).toEqual([]);
  });

  it('are no other tasks', async () => {
    const id = await app.enqueue({ url: target.url }, { delay: 3600 });
    const answers = [
      await app.get(`/admin/dlq/${id}`, ADMIN),
      await app.send('DELETE', `/admin/dlq/${id}`, undefined, ADMIN),
      await app.post(`/admin/dlq/${id}/retry`, {}, ADMIN),
      await app.post(`/admin/tasks/${id}/retry`, {}, ADMIN),
    ];
    for (const { status, body } of answers)
      expect([status, body['code']]).toEqual([409, 'not_a_dead_letter']);
    expect((await app.get(`/v1/tasks/${id}`)).body).toMatchObject({ state: 'scheduled' });
  });

  it('are retried by id, by filter or all, after they were counted', async () => {
    const one = await dead(500, 'order 17 is gone');
    const two = await dead(500, 'order 99 is gone');
    const three = await dead(404, 'no such path');
    const { fingerprint } = (await groups()).find(({ count }) => count === 2)!;
    const counted = await retrySome({ filter: { fingerprint }, dry_run: true });
    const told = { matched: 2, done: 0, skipped: {}, next_cursor: null };
    expect(counted.body).toEqual({ ...told, dry_run: true, sample: [two, one] });
    expect(ids(await list())).toEqual([three, two, one]);
    answer = [200, ''];
    expect((await retrySome({ filter: { fingerprint } })).body).toMatchObject({
      ...told,
      dry_run: false,
      done: 2,
    });
    await Promise.all([app.taskIn('completed', one), app.taskIn('completed', two)]);
    expect((await actions())[0]).toMatchObject({
      action: 'dead_letter.retry',
      target: 'dlq',
      after: { matched: 2 },
    });
    const some = await retrySome({ task_ids: [three, one, 'nobody', three] });
    expect(some.body).toMatchObject({
      matched: 3,
      done: 1,
      skipped: { not_a_dead_letter: 1, task_not_found: 1 },
    });
    await app.taskIn('completed', three);
    const four = await dead(500, 'again');
    answer = [200, ''];
    expect((await retrySome({ retry_all: true })).body).toMatchObject({ matched: 1, done: 1 });
    await app.taskIn('completed', four);
    expect((await retrySome({ retry_all: true })).body).toMatchObject({ matched: 0, done: 0 });
  });

  it('of a group stay, all but one, when that one fails again: it is the only call', async () => {
    const all: string[] = [];
    for (let n = 0; n < 5; n++) all.unshift(await dead(500, `order ${n} is gone`, { max_retries: 2 }));
    const [{ fingerprint } = { fingerprint: '' }] = await groups();
    const calls = target.received.length;
    const { body } = await retrySome({ filter: { fingerprint } });
    expect(target.received.length - calls).toBe(1);
    const canary = { task_id: all[0], state: 'dead_letter' };
    expect(body).toMatchObject({ matched: 5, done: 1, skipped: { canary_failed: 4 }, canary });
    // It is in the group that it came from, and nothing else has happened to the others.
    expect(ids(await list(`?fingerprint=${fingerprint}`))).toEqual(all);
    expect((await app.get(`/v1/tasks/${all[0]}`)).body).toMatchObject({
      dead_letter_reason: 'canary_failed',
    });
    answer = [200, ''];
    const redriven = await retrySome({ filter: { fingerprint } });
    expect(redriven.body).toMatchObject({ matched: 5, done: 5, skipped: {}, canary: { state: 'completed' } });
    for (const id of all) await app.taskIn('completed', id);
    expect(target.received.length - calls).toBe(6);
  });

  it('that are sent first and fail again are told as dead letters, not as retries', async () => {
    const id = await dead(500, 'gone', { max_retries: 3 });
    const [{ fingerprint } = { fingerprint: '' }] = await groups();
    const listener = await EventListener.to(`${app.url}/v1/events?kinds=task.*`, ADMIN);
    await listener.ready();
    const retries = async () => {
      const { body } = await app.get<string>('/metrics', ADMIN);
      expect(body).toMatch(/taskqueue_tasks_completed_total\{[^}]*"dead_letter"/);
      return /^taskqueue_tasks_retrying_total\{[^}]*\} (\d+)/m.exec(body)?.[1];
    };
    const before = await retries();
    await retrySome({ filter: { fingerprint } });
    const [event] = await listener.hears('task.dead_letter');
    expect(event!.data).toMatchObject({ task_id: id, reason: 'canary_failed' });
    expect(listener.of('task.retrying')).toEqual([]);
    expect(await retries()).toBe(before);
    listener.end();
  });

  it('are left as they are by a request that does not say which', async () => {
    for (const body of [{}, { dry_run: true }, { task_id: 'x', retry_all: true }, { retry_all: false }])
      expect((await retrySome(body)).status, JSON.stringify(body)).toBe(400);
  });

  it('are for admins only', async () => {
    for (const path of ['/admin/dlq', '/admin/dlq/groups'])
      expect((await app.get(path)).status, path).toBe(401);
    expect((await app.post('/admin/dlq/retry', { retry_all: true })).status).toBe(401);
  });
});
