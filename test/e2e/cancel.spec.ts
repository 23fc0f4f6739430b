import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

const cancel = (id: string) => app.send('DELETE', `/v1/tasks/${id}`);

/** Waits until a task that was enqueued last has run: had the others been going to run, they would have. */
async function oneMoreRuns(): Promise<void> {
  const last = await app.enqueue({ url: `${target.url}/last` }, { queue: 'low' });
  await app.taskIn('completed', last);
}

describe('a task that is cancelled', () => {
  it.each(['pending', 'deferred', 'scheduled', 'retrying'] as const)(
    'while it is %s ends at once and is not run',
    async (state) => {
      const id = await tasks[state]();
      target.reset();
      const answer = await cancel(id);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ task_id: id, state: 'cancelled' });
      expect(answer.body['finished_at']).toBeDefined();
      expect(answer.body['next_attempt_at']).toBeUndefined();
      await tasks.letAllGo();
      await oneMoreRuns();
      expect(target.received.map(({ path }) => path)).toEqual(['/last']);
      expect((await app.get(`/v1/tasks/${id}`)).body['state']).toBe('cancelled');
    },
  );

  it('while it runs has its call ended, and is not tried again', async () => {
    const { id, isClosed } = await tasks.running();
    const answer = await cancel(id);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ task_id: id });
    expect(['running', 'cancelled']).toContain(answer.body['state']);
    await until(isClosed);
    const task = await app.taskIn('cancelled', id);
    expect(task.attempts).toMatchObject([{ class: 'interrupted' }]);
    target.reset();
    await oneMoreRuns();
    expect(target.received.map(({ path }) => path)).toEqual(['/last']);
  });

  it('when it is finished stays as it is', async () => {
    const id = await app.enqueue({ url: target.url });
    await app.taskIn('completed', id);
    const answer = await cancel(id);
    expect(answer).toMatchObject({ status: 409, body: { code: 'task_finished' } });
    expect((await app.get(`/v1/tasks/${id}`)).body['state']).toBe('completed');
    const dead = await cancel(await tasks.dead());
    expect(dead).toMatchObject({ status: 409, body: { code: 'task_finished' } });
  });

  it('twice is told so', async () => {
    const id = await tasks.scheduled();
    expect((await cancel(id)).status).toBe(200);
    expect(await cancel(id)).toMatchObject({ status: 409, body: { code: 'task_finished' } });
  });

  it('and does not exist is not found', async () => {
    for (const id of [randomUUID(), 'no-id', 'client.unknown']) {
      expect(await cancel(id)).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
    }
  });
});
