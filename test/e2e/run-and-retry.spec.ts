import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { WaitingTasks } from '../support/waiting-tasks.js';

let app: TestApp;
let target: Receiver;
let tasks: WaitingTasks;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start(), Receiver.start()]);
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

const run = (id: string) => app.send<TaskView>('POST', `/v1/tasks/${id}/run`);
const retry = (id: string) => app.send<TaskView>('POST', `/v1/tasks/${id}/retry`);

describe('running a task now', () => {
  it.each(['scheduled', 'retrying'] as const)('makes a %s one due at once', async (state) => {
    const id = await tasks[state]();
    const answer = await run(id);
    expect(answer.status).toBe(200);
    expect(answer.body.task_id).toBe(id);
    expect(answer.body.next_attempt_at).toBeUndefined();
    const task = await app.taskIn('completed', id);
    expect(task.attempts_made).toBe(state === 'retrying' ? 2 : 1);
  });

  it('does not get it past a gate, and it runs when that opens', async () => {
    await tasks.deferred();
    const id = await tasks.scheduled({ client_id: 'held-client' });
    expect(await run(id)).toMatchObject({ status: 200, body: { state: 'deferred' } });
    expect(target.received).toHaveLength(0);
    await tasks.letAllGo();
    await app.taskIn('completed', id);
  });

  it.each(['pending', 'deferred'] as const)('leaves a %s one as it is', async (state) => {
    const id = await tasks[state]();
    expect(await run(id)).toMatchObject({ status: 200, body: { state } });
    await tasks.letAllGo();
    await app.taskIn('completed', id);
    expect(target.received).toHaveLength(1);
  });

  it('leaves a running one as it is', async () => {
    const { id, answer } = await tasks.running();
    expect(await run(id)).toMatchObject({ status: 200, body: { state: 'running' } });
    answer();
    await app.taskIn('completed', id);
    expect(target.received).toHaveLength(1);
  });

  it('is refused when it is finished, or unknown', async () => {
    expect(await run(await tasks.dead())).toMatchObject({ status: 409, body: { code: 'task_finished' } });
    expect(await run(randomUUID())).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
  });
});

describe('retrying a dead letter', () => {
  it('gives it all its attempts again, and keeps those before on record', async () => {
    const id = await tasks.dead();
    target.answer = (_request, response, nth) => response.writeHead(nth < 2 ? 503 : 200).end();
    const answer = await retry(id);
    expect(answer.status).toBe(200);
    expect(answer.body.finished_at).toBeUndefined();
    expect(answer.body.dead_letter_reason).toBeUndefined();
    const task = await app.taskIn('completed', id);
    expect(task.attempts_made).toBe(2);
    expect(task.attempts.map(({ number, status }) => [number, status])).toEqual([
      [1, 500],
      [2, 500],
      [1, 503],
      [2, 200],
    ]);
  });

  it('can be done again and again', async () => {
    const id = await tasks.dead({ max_retries: 0 });
    target.answer = (_request, response) => response.writeHead(500).end();
    expect((await retry(id)).status).toBe(200);
    await until(() => target.received.length === 1);
    await app.taskIn('dead_letter', id);
    expect((await retry(id)).status).toBe(200);
    await until(() => target.received.length === 2);
    const task = await app.taskIn('dead_letter', id);
    expect(task).toMatchObject({ attempts_made: 1, dead_letter_reason: 'attempts_exhausted' });
    expect(task.attempts).toHaveLength(3);
  });

  it('is refused when it has expired', async () => {
    const id = await tasks.dead({ max_retries: 0, ttl: '400ms' });
    const { body } = await app.get<TaskView>(`/v1/tasks/${id}`);
    await until(() => Date.now() > Date.parse(body.expires_at!));
    expect(await retry(id)).toMatchObject({ status: 409, body: { code: 'task_expired' } });
    expect((await app.get(`/v1/tasks/${id}`)).body['state']).toBe('dead_letter');
  });

  it('waits until there is room for one more task that is alive', async () => {
    const client = { client_id: 'small-client' };
    await app.post('/admin/clients/set', { ...client, tier: 'premium', max_alive: 1 });
    const id = await tasks.dead(client);
    const other = await tasks.scheduled(client);
    const refused = await retry(id);
    expect(refused).toMatchObject({ status: 503, body: { code: 'client_queue_full' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await app.get(`/v1/tasks/${id}`)).body['state']).toBe('dead_letter');
    await app.send('DELETE', `/v1/tasks/${other}`);
    expect((await retry(id)).status).toBe(200);
    await app.taskIn('completed', id);
  });

  it('is refused of any other task', async () => {
    const { id: running, answer } = await tasks.running();
    for (const id of [running, await tasks.scheduled(), await tasks.deferred()]) {
      expect(await retry(id)).toMatchObject({ status: 409, body: { code: 'not_a_dead_letter' } });
    }
    answer();
    await app.taskIn('completed', running);
    expect(await retry(running)).toMatchObject({ status: 409, body: { code: 'not_a_dead_letter' } });
    expect(await retry(randomUUID())).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
  });
});
