import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../src/admin/admin-keys.dto.js';
import type { TaskList } from '../../src/tracking/task-summary.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };

let open: TestApp;
let closed: TestApp;
let target: Receiver;
beforeAll(async () => {
  open = await TestApp.start({ ADMIN_API_KEY: ADMIN['x-admin-key'], AUTH_MODE: 'open' });
  closed = await TestApp.start({ ADMIN_API_KEY: ADMIN['x-admin-key'], AUTH_MODE: 'key', MODE: 'api' }, true);
  target = await Receiver.start();
});
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop(), target.stop()]);
});

const list = async (query = '', headers: Record<string, string> = {}, app = open) =>
  app.get<TaskList>(`/v1/tasks${query}`, headers);
const ids = ({ body }: { body: TaskList }) => body.tasks.map((task) => task.task_id);

async function keyOf(clientId: string): Promise<Record<string, string>> {
  await open.send('POST', '/admin/clients/set', { client_id: clientId, tier: 'enterprise' }, ADMIN);
  const { body } = await open.send<CreatedKey>('POST', `/admin/clients/${clientId}/keys`, {}, ADMIN);
  return { authorization: `Bearer ${body.key}` };
}

describe('GET /v1/tasks', () => {
  it('shows a task without its body, its headers and what was answered to it', async () => {
    const id = await open.enqueue(
      { url: target.url, headers: { 'x-token': 'of nobody' }, body: 'not for lists' },
      { metadata: { order: '7' } },
    );
    await open.taskIn('completed', id);
    const { body } = await list('?label=order:7');
    expect(body).toMatchObject({
      tasks: [
        {
          task_id: id,
          client_id: 'test-client',
          queue: 'default',
          state: 'completed',
          type: 'http',
          task: { url: target.url, method: 'POST' },
          metadata: { order: '7' },
          attempts_made: 1,
          max_attempts: 6,
        },
      ],
      next_cursor: null,
      window: { complete: true },
    });
    expect(JSON.stringify(body)).not.toMatch(/not for lists|of nobody/);
    expect(body.window.scanned).toBeGreaterThan(0);
  });

  it('goes from page to page by its cursor', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++)
      made.unshift(await open.enqueue({ url: target.url }, { delay: 3600, client_id: 'pages' }));
    const first = await list('?client_id=pages&limit=2');
    expect(ids(first)).toEqual(made.slice(0, 2));
    await open.enqueue({ url: target.url }, { delay: 3600, client_id: 'pages' });
    const second = await list(`?client_id=pages&limit=3&cursor=${first.body.next_cursor}`);
    expect(ids(second)).toEqual(made.slice(2));
  });

  it('takes several labels, all of which a task must have', async () => {
    const metadata = { tour: '1', step: 'a:b' };
    const id = await open.enqueue({ url: target.url }, { delay: 3600, metadata });
    await open.enqueue({ url: target.url }, { delay: 3600, metadata: { tour: '1' } });
    expect(ids(await list('?label=tour:1&label=step:a:b'))).toEqual([id]);
    expect(ids(await list('?label=tour:1'))).toHaveLength(2);
  });

  it('says what is wrong with a query, all of it', async () => {
    const query = '?state=lost&limit=1001&created_after=yesterday&label=x&cursor=%00&more=1';
    const { status, body } = await open.get<{ errors: { pointer: string }[] }>(`/v1/tasks${query}`);
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/label',
      '/limit',
      '/more',
      '/state',
    ]);
    for (const wrong of ['cursor=abc', 'created_before=2026-01-31', 'limit=0'])
      expect((await list(`?${wrong}`)).status, wrong).toBe(400);
  });

  it('shows each client its own tasks, and the admin all', async () => {
    const [one, two] = [await keyOf('list-one'), await keyOf('list-two')];
    const enqueue = async (key: Record<string, string>) => {
      const body = { task: { url: target.url }, delay: 3600 };
      return (await closed.post<{ task_id: string }>('/v1/enqueue', body, key)).body.task_id;
    };
    const [ofOne, ofTwo] = [await enqueue(one), await enqueue(two)];
    for (const app of [open, closed]) {
      expect(ids(await list('', one, app))).toEqual([ofOne]);
      expect(ids(await list('?client_id=list-two', two, app))).toEqual([ofTwo]);
      const other = await list('?client_id=list-one', two, app);
      expect([other.status, other.body]).toMatchObject([403, { code: 'client_mismatch' }]);
      expect(ids(await list('?limit=2', ADMIN, app))).toEqual([ofTwo, ofOne]);
    }
    expect((await list('', {}, closed)).status).toBe(401);
  });
});
