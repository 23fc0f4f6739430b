import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QueueView } from '../../src/admin/admin-queues.dto.js';
import type { QueueList } from '../../src/admin/queue-figures.dto.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { Simultaneous } from '../support/simultaneous.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ WORKER_CONCURRENCY: '20' }), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { pointer: string; detail: string }[];
}

const put = <T = QueueView>(name: string, body: object) => app.send<T>('PUT', `/admin/queues/${name}`, body);
const pause = (name: string, body: object = {}) =>
  app.send<QueueView>('POST', `/admin/queues/${name}/pause`, body);
const resume = (name: string) => app.send<QueueView>('POST', `/admin/queues/${name}/resume`);
const list = async () => (await app.get<QueueList>('/admin/queues')).body.queues;
const enqueue = (queue: string, fields: object = {}) =>
  app.enqueue({ url: target.url }, { queue, ...fields });
const enqueueMany = (queue: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => enqueue(queue)));
const view = async (id: string) => (await app.get<TaskView>(`/v1/tasks/${id}`)).body;
const completed = async (ids: readonly string[]) => {
  for (const id of ids) await app.taskIn('completed', id, 20_000);
};

describe('a queue', () => {
  it('that is paused accepts tasks and parks them, and runs them when it is resumed', async () => {
    await put('reports', { lane: 'default' });
    expect(await pause('reports', { reason: 'the printer is out of paper' })).toMatchObject({
      status: 200,
      body: { name: 'reports', state: 'paused', reason: 'the printer is out of paper' },
    });
    const ids = await enqueueMany('reports', 10);
    await completed([await enqueue('default')]);
    for (const id of ids) expect((await view(id)).state).toBe('deferred');
    expect(target.received).toHaveLength(1);
    expect((await resume('reports')).body).toEqual({ name: 'reports', lane: 'default', state: 'running' });
    await completed(ids);
    expect((await view(ids[0]!)).attempts_made).toBe(1);
  });

  it('is paused without a word, too, and what it says of retries is what null in an edit gives back', async () => {
    await put('plain', { lane: 'default', retry: { max_retries: 2 } });
    expect(await app.send('POST', '/admin/queues/plain/pause')).toMatchObject({ status: 200 });
    const id = await enqueue('plain');
    const edited = await app.send<TaskView>('PATCH', `/v1/tasks/${id}`, { max_retries: null });
    expect(edited.body).toMatchObject({ max_retries: 2 });
  });

  it('that is paused until a time goes on by itself then', async () => {
    await put('nightly', { lane: 'low' });
    const until = new Date(Date.now() + 700).toISOString();
    expect((await pause('nightly', { until })).body).toMatchObject({ state: 'paused', until });
    const id = await enqueue('nightly');
    expect((await view(id)).state).toBe('deferred');
    const task = await app.taskIn('completed', id);
    expect(Date.parse(task.attempts[0]!.started_at)).toBeGreaterThanOrEqual(Date.parse(until));
    const shown = (await list()).find(({ name }) => name === 'nightly');
    expect(shown).toMatchObject({ name: 'nightly', lane: 'low', state: 'running' });
    expect(shown).not.toHaveProperty('until');
  });

  it('never has more tasks running than max_concurrent', async () => {
    await put('narrow', { lane: 'high', max_concurrent: 2 });
    const watch = new Simultaneous(target);
    await completed(await enqueueMany('narrow', 20));
    expect(watch.most).toBe(2);
  });

  it('starts its tasks no faster than max_per_second, after the burst', async () => {
    await put('mails', { lane: 'default', max_per_second: 20, burst: 5 });
    await completed(await enqueueMany('mails', 15));
    const at = target.received.map((request) => request.at).toSorted((one, other) => one - other);
    expect(at).toHaveLength(15);
    // 5 at once, the other 10 are 50 ms apart: noise can only make the last one later, and the first one by little.
    expect(at[14]! - at[0]!).toBeGreaterThanOrEqual(10 * 50 - 100);
  });

  it('keeps its limits while it is paused, and its pause while its limits are replaced', async () => {
    await put('both', { lane: 'default', max_concurrent: 1 });
    await pause('both');
    const replaced = (await put('both', { lane: 'default', max_concurrent: 3 })).body;
    expect(replaced).toMatchObject({ state: 'paused', max_concurrent: 3 });
    const ids = await enqueueMany('both', 9);
    expect((await view(ids[0]!)).state).toBe('deferred');
    const watch = new Simultaneous(target);
    expect((await resume('both')).body).toMatchObject({ state: 'running', max_concurrent: 3 });
    await completed(ids);
    expect(watch.most).toBe(3);
  });

  it('gives its tasks its lane, and they carry its name', async () => {
    await put('urgent-things', { lane: 'critical' });
    const occupied = await pause('critical');
    expect(occupied.body).toMatchObject({ name: 'critical', state: 'paused' });
    const id = await enqueue('urgent-things');
    expect(await app.taskIn('completed', id)).toMatchObject({ queue: 'urgent-things' });
    expect(target.received[0]!.headers['x-task-queue']).toBe('urgent-things');
    const { body: metrics } = await app.get<string>('/metrics');
    expect(metrics).toMatch(/taskqueue_tasks_submitted_total\{[^}]*priority="critical"[^}]*\} [1-9]/);
    await resume('critical');
  });

  it('that another process created a moment ago is found at once', async () => {
    const other = await TestApp.start({ MODE: 'api' }, true);
    try {
      await enqueue('default');
      await other.send('PUT', '/admin/queues/brand-new', { lane: 'low' });
      await completed([await enqueue('brand-new')]);
    } finally {
      await other.stop();
    }
  });
});

describe('a lane', () => {
  it('can be paused and limited like a queue, by its own name', async () => {
    await pause('low', { reason: 'month end' });
    const ids = await enqueueMany('low', 5);
    await completed([await enqueue('normal')]);
    for (const id of ids) expect((await view(id)).state).toBe('deferred');
    await put('low', { max_concurrent: 1 });
    const watch = new Simultaneous(target);
    await resume('low');
    await completed(ids);
    expect(watch.most).toBe(1);
    await put('low', {});
  });
});

describe('retries', () => {
  const full = {
    max_retries: 2,
    strategy: 'list',
    delays: ['10ms', 0.02],
    jitter: 0.5,
    permanent_statuses: [404],
    max_age: '1h',
  };

  it('are as the queue says, unless the task does', async () => {
    await put('own-retries', { lane: 'default', retry: full });
    const { retry, ...task } = await view(await enqueue('own-retries'));
    expect(task.max_retries).toBe(2);
    const asSet = {
      strategy: 'list',
      delays: [0.01, 0.02],
      jitter: 0.5,
      permanent_statuses: [404],
      max_age: 3600,
    };
    expect(retry).toEqual(asSet);
    const own = await view(
      await enqueue('own-retries', { max_retries: 0, retry: { strategy: 'fixed', permanent_statuses: [] } }),
    );
    expect(own.max_retries).toBe(0);
    expect(own.retry).toMatchObject({ strategy: 'fixed', jitter: 0.5, max_age: 3600, min_backoff: 0.02 });
    expect(own.retry).not.toHaveProperty('delays');
    expect(own.retry).not.toHaveProperty('permanent_statuses');
    const delays = (await view(await enqueue('own-retries', { retry: { delays: [1] } }))).retry;
    expect(delays).toEqual({ ...asSet, delays: [1] });
  });

  it('happen that often', async () => {
    await put('thrice', { lane: 'high', retry: { max_retries: 2, strategy: 'fixed', min_backoff: '10ms' } });
    target.answer = (_request, response) => response.writeHead(500).end();
    const task = await app.taskIn('dead_letter', await enqueue('thrice'));
    expect(task).toMatchObject({ attempts_made: 3 });
  });

  it('are shown with the queue', async () => {
    const { body } = await put('shown', { lane: 'low', retry: full });
    expect(body.retry).toEqual({ ...full, delays: [0.01, 0.02], max_age: 3600 });
    expect((await put('shown', { lane: 'low' })).body).not.toHaveProperty('retry');
  });
});

describe('retention', () => {
  it('is as the queue says, and shown with it', async () => {
    const { body } = await put('brief', { lane: 'high', retention: { completed: 0, dead: '168h' } });
    expect(body.retention).toEqual({ completed: 0, dead: 604_800 });
    const id = await enqueue('brief');
    await until(async () => (await app.get(`/v1/tasks/${id}`)).status === 404);
    expect(target.received).toHaveLength(1);
    const kept = await enqueue('high');
    await completed([kept]);
    const shown = async () => (await list()).find(({ name }) => name === 'brief');
    expect(await shown()).toMatchObject(body);
    await put('brief', { lane: 'high', retention: { completed: null } });
    expect(await shown()).not.toHaveProperty('retention');
    await completed([await enqueue('brief')]);
  });

  it('stays while the queue is paused and resumed', async () => {
    await put('archive', { lane: 'low', retention: { dead: 0 } });
    expect((await pause('archive')).body.retention).toEqual({ dead: 0 });
    expect((await resume('archive')).body.retention).toEqual({ dead: 0 });
  });
});

describe('the admin API of queues', () => {
  it('lists the lanes first, then the others by name', async () => {
    await put('zebra', { lane: 'low', max_per_second: 0.5 });
    const names = (await list()).map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(['critical', 'high', 'default', 'low']);
    expect(names.slice(4)).toEqual(names.slice(4).toSorted());
    expect((await list()).at(-1)).toMatchObject({
      name: 'zebra',
      lane: 'low',
      state: 'running',
      max_per_second: 0.5,
    });
  });

  it.each(['normal', 'Upper', '-dash', 'a'.repeat(64), 'a%2Fb', 'a%20b'])(
    'creates no queue %s',
    async (name) => {
      expect(await put(name, { lane: 'low' })).toMatchObject({
        status: 400,
        body: { code: 'invalid_queue_name' },
      });
    },
  );

  it.each([
    [{}, ['/lane']],
    [{ lane: 'fast', max_concurrent: 0, burst: 1.5 }, ['/burst', '/lane', '/max_concurrent']],
    [{ lane: 'low', burst: 5 }, ['/burst']],
    [{ lane: 'low', retry: { strategy: 'list' } }, ['/retry/delays']],
    [{ lane: 'low', retention: { completed: '7d', dead: -1 } }, ['/retention/completed', '/retention/dead']],
    [{ lane: 'low', retention: { dead: '87841h', days: 3 } }, ['/retention/days']],
    [{ lane: 'low', retention: { dead: '87841h' } }, ['/retention/dead']],
    [{ lane: 'low', retention: '7h' }, ['/retention']],
  ])('refuses %j', async (body, pointers) => {
    const answer = await put<Refusal>('refused', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ pointer }) => pointer).toSorted()).toEqual(pointers);
  });

  it('refuses to move a lane, a pause that is over, and queues that are not there', async () => {
    expect((await put('high', { lane: 'low' })).status).toBe(400);
    expect((await pause('high', { until: '2020-01-01T00:00:00Z' })).status).toBe(400);
    expect(await pause('high', { reason: 'x\ud800' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/reason', detail: expect.stringContaining('surrogate') as string }] },
    });
    for (const answer of [await pause('nowhere'), await resume('nowhere')]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'queue_not_found' } });
    }
  });
});

it('a task for a queue that is not there is told which there are and how to create one', async () => {
  const body = { client_id: 'test-client', queue: 'nowhere', task: { url: target.url } };
  const answer = await app.post<Refusal>('/v1/enqueue', body);
  expect(answer.status).toBe(400);
  expect(answer.body.errors).toEqual([
    { pointer: '/queue', detail: expect.stringContaining('critical, high') as string },
  ]);
  expect(answer.body.detail).toContain('PUT /admin/queues/{name}');
});
