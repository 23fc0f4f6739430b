import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperationList, OperationView } from '../../src/admin/admin-operations.dto.js';
import { Receiver } from '../support/receiver.js';
import { inRedis, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };

let app: TestApp;
let target: Receiver;
let answer = 500;
beforeAll(async () => {
  app = await TestApp.start({ ADMIN_API_KEY: ADMIN['x-admin-key'] });
  target = await Receiver.start();
  target.answer = (_request, response) => {
    response.writeHead(answer).end();
  };
});
afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});
beforeEach(async () => {
  for (const action of ['cancel', 'delete']) await over(await begin({ action, filter: { all: true } }));
  expect((await app.get<{ tasks: object[] }>('/v1/tasks')).body.tasks).toEqual([]);
  target.received.length = 0;
});

const ask = (body: object) => app.post<OperationView>('/admin/operations', body, ADMIN);
async function begin(body: object): Promise<OperationView> {
  const answered = await ask(body);
  expect([answered.status, answered.body]).toEqual([202, expect.objectContaining({ state: 'running' })]);
  return answered.body;
}
const look = async (id: string) => (await app.get<OperationView>(`/admin/operations/${id}`, ADMIN)).body;
async function over({ operation_id: id }: OperationView, timeoutMs = 10_000): Promise<OperationView> {
  await until(async () => (await look(id)).ended_at !== undefined, { timeoutMs });
  return look(id);
}
async function later(count: number, fields: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let nth = 0; nth < count; nth++)
    ids.push(await app.enqueue({ url: target.url }, { delay: 3600, ...fields }));
  return ids;
}
async function dead(count: number, fields: object = {}): Promise<string[]> {
  answer = 500;
  const ids: string[] = [];
  for (let nth = 0; nth < count; nth++)
    ids.push(await app.enqueue({ url: target.url }, { max_retries: 0, ...fields }));
  for (const id of ids) await app.taskIn('dead_letter', id);
  return ids;
}
const state = async (id: string) => (await app.get(`/v1/tasks/${id}`)).body['state'];
const codes = ({ body }: { body: object }) =>
  (body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);

describe('an operation on many tasks', () => {
  it('counts first, and changes nothing', async () => {
    const low = await later(12, { queue: 'low' });
    const other = await later(1);
    const counted = await ask({ action: 'cancel', filter: { queue: 'low' }, dry_run: true });
    expect(counted.status).toBe(200);
    expect(counted.body).toMatchObject({
      ...{ state: 'done', dry_run: true, matched: 12, done: 0, skipped: {}, eta: null },
      scope: {
        filter: { queue: 'low' },
        states: expect.arrayContaining(['scheduled', 'running']) as string[],
      },
      sample: low.toReversed().slice(0, 10),
    });
    for (const id of [...low, ...other]) expect(await state(id)).toBe('scheduled');
  });

  it('cancels what a filter fits, and leaves the rest', async () => {
    const low = await later(3, { queue: 'low' });
    const [other] = await later(1);
    const done = await over(await begin({ action: 'cancel', filter: { queue: 'low' } }));
    expect(done).toMatchObject({ state: 'done', matched: 3, done: 3, skipped: {} });
    for (const id of low) expect(await state(id)).toBe('cancelled');
    expect(await state(other!)).toBe('scheduled');
    const { entries } = (await app.get<{ entries: object[] }>('/admin/audit?limit=1', ADMIN)).body;
    expect(entries[0]).toMatchObject({
      action: 'operation.begin',
      target: 'tasks:cancel',
      after: { filter: { queue: 'low' } },
    });
  });

  it('reschedules what has not begun, and says why it left others', async () => {
    const [expiring] = await later(1, { ttl: 7200 });
    const [one, two] = await later(2);
    const at = '2027-01-31T09:00:00Z';
    const filter = { all: true };
    const done = await over(await begin({ action: 'reschedule', filter, scheduled_at: at }));
    expect(done).toMatchObject({ matched: 3, done: 2, skipped: { task_expires_before: 1 } });
    for (const id of [one!, two!])
      expect((await app.get(`/v1/tasks/${id}`)).body['scheduled_at']).toBe('2027-01-31T09:00:00.000Z');
    expect((await app.get(`/v1/tasks/${expiring!}`)).body['scheduled_at']).not.toContain('2027-01-31');
  });

  it('retries dead letters', async () => {
    const ids = await dead(3);
    const others = await dead(1, { queue: 'low' });
    answer = 200;
    const done = await over(await begin({ action: 'retry', filter: { queue: 'default' }, rate: 5 }));
    expect(done).toMatchObject({ matched: 3, done: 3, rate: 5 });
    for (const id of ids) await app.taskIn('completed', id);
    expect(await state(others[0]!)).toBe('dead_letter');
  });

  it('sends one of a group first, and halts when that fails again', async () => {
    const ids = await dead(4);
    const { groups } = (await app.get<{ groups: { fingerprint: string }[] }>('/admin/dlq/groups', ADMIN))
      .body;
    const { fingerprint } = groups[0]!;
    target.received.length = 0;
    const request = { action: 'retry', filter: { fingerprint } };
    const halted = await over(await begin(request));
    expect(halted).toMatchObject({
      state: 'halted',
      canary: { task_id: ids[3], state: 'dead_letter' },
      done: 1,
      skipped: { canary_failed: 3 },
    });
    expect(target.received).toHaveLength(1);
    answer = 200;
    expect(await over(await begin(request))).toMatchObject({ state: 'done', matched: 4, done: 4 });
    for (const id of ids) await app.taskIn('completed', id);
  });

  it('deletes what has ended, and nothing that is alive', async () => {
    const [alive] = await later(1);
    await dead(2);
    answer = 200;
    const fine = await app.enqueue({ url: target.url });
    await app.taskIn('completed', fine);
    const done = await over(await begin({ action: 'delete', filter: { all: true } }));
    expect(done).toMatchObject({ matched: 3, done: 3 });
    const { tasks } = (await app.get<{ tasks: { task_id: string }[] }>('/v1/tasks')).body;
    expect(tasks.map((task) => task.task_id)).toEqual([alive]);
  });

  it('keeps to its rate, can be ended halfway, and once only', async () => {
    await later(30);
    const begun = await begin({ action: 'cancel', filter: { all: true }, rate: 4 });
    const path = `/admin/operations/${begun.operation_id}/cancel`;
    await until(async () => (await look(begun.operation_id)).done >= 2);
    const halfway = await look(begun.operation_id);
    expect(Date.parse(halfway.eta!)).toBeGreaterThan(Date.now());
    expect((await app.post(path, {}, ADMIN)).status).toBe(202);
    const ended = await over(begun);
    expect(ended.state).toBe('cancelled');
    expect(ended.done).toBeLessThan(30);
    const lasted = (Date.parse(ended.ended_at!) - Date.parse(ended.created_at)) / 1000;
    expect(ended.done).toBeLessThanOrEqual(4 * lasted + 2);
    const again = await app.post(path, {}, ADMIN);
    expect([again.status, again.body['code']]).toEqual([409, 'operation_over']);
  });

  it.each([
    {},
    { host: '' },
    { type: '' },
    { error: '' },
    { label: [] },
    { queue: null },
    { all: true, queue: 'low' },
  ])('is refused with a filter that a script has emptied: %j', async (filter) => {
    for (const action of ['cancel', 'delete'])
      expect([(await ask({ action, filter, dry_run: true })).status, action]).toEqual([400, action]);
    const retry = await app.post('/admin/dlq/retry', { filter, dry_run: true }, ADMIN);
    expect(retry.status).toBe(400);
  });

  it('and everything else that changes something takes nothing in its query that it does not read', async () => {
    const [id] = await later(1);
    const [letter] = await dead(1);
    const body = { action: 'cancel', filter: { queue: 'default' } };
    const requests = [
      ['POST', '/admin/operations', body],
      ['POST', '/admin/dlq/retry', { retry_all: true }],
      ['POST', `/admin/dlq/${letter!}/retry`],
      ['DELETE', `/admin/dlq/${letter!}`],
      ['DELETE', `/v1/tasks/${id!}`],
      ['POST', `/v1/tasks/${id!}/run`],
    ] as const;
    for (const [method, path, sent] of requests) {
      const answer = await app.send(method, `${path}?dry_run=true`, sent, ADMIN);
      expect([answer.status, codes(answer as never), path]).toEqual([400, ['/dry_run'], path]);
    }
    expect([await state(id!), await state(letter!)]).toEqual(['scheduled', 'dead_letter']);
  });

  it('can be previewed, and a queue purged, when as many as may be are open', async () => {
    await inRedis(async (redis) => {
      for (let n = 0; n < 100; n++)
        await redis.zadd('{tr}:operations:due', Date.now() + 60_000, `op_open${n}`);
    });
    const cancel = { action: 'cancel', filter: { all: true } };
    expect((await ask(cancel)).body).toMatchObject({ code: 'too_many_operations' });
    expect((await ask({ ...cancel, dry_run: true })).status).toBe(200);
    expect((await app.send('DELETE', '/admin/queues/low', undefined, ADMIN)).status).toBe(200);
    await inRedis((redis) =>
      redis.zremrangebyscore('{tr}:operations:due', Date.now() + 50_000, Date.now() + 70_000),
    );
  });

  it('says of whom `now` is', async () => {
    const answer = await ask({ action: 'cancel', filter: { all: true }, now: true });
    expect([answer.status, codes(answer)]).toEqual([400, ['/now']]);
  });

  it('is listed, newest first', async () => {
    const ids: string[] = [];
    for (let nth = 0; nth < 3; nth++)
      ids.unshift((await over(await begin({ action: 'cancel', filter: { all: true } }))).operation_id);
    const list = async (query: string) =>
      (await app.get<OperationList>(`/admin/operations${query}`, ADMIN)).body;
    const first = await list('?limit=2');
    const second = await list(`?limit=1&cursor=${first.next_cursor}`);
    expect([...first.operations, ...second.operations].map((each) => each.operation_id)).toEqual(ids);
    expect((await app.get('/admin/operations/op_nothing', ADMIN)).status).toBe(404);
  });
});

describe('what is asked of many tasks must be said in so many words', () => {
  it.each([
    ['no filter', { action: 'cancel' }, ['/filter']],
    ['an empty filter', { action: 'cancel', filter: {} }, ['/filter']],
    ['a filter of nothing', { action: 'cancel', filter: { queue: null } }, ['/filter']],
    ['a member that there is not', { action: 'cancel', filter: { que: 'low' } }, ['/filter/que']],
    ['everything and something', { action: 'cancel', filter: { all: true, queue: 'low' } }, ['/filter/all']],
    ['what is over', { action: 'cancel', filter: { state: 'completed' } }, ['/filter/state']],
    [
      'what did not die',
      { action: 'cancel', filter: { fingerprint: '0123456789abcdef' } },
      ['/filter/fingerprint'],
    ],
    ['no time', { action: 'reschedule', filter: { all: true } }, ['/scheduled_at']],
    ['a time for nothing', { action: 'cancel', filter: { all: true }, delay: 5 }, ['/action']],
    ['a purge of some', { action: 'purge', filter: { queue: 'low', client_id: 'my-service' } }, ['/filter']],
    ['a rate of nothing', { action: 'cancel', filter: { all: true }, rate: 0 }, ['/rate']],
  ])('%s is refused', async (_name, body, pointers) => {
    const refused = await ask(body);
    expect([refused.status, codes(refused)]).toEqual([400, pointers]);
  });
});
