import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(async () => {
  await app.stop();
});

/** A request whose task sends the next one to the same place, so many times. */
function chain(length: number): object {
  const next = length > 1 ? { json: chain(length - 1) } : {};
  return { client_id: 'loop', task_id: `left-${length}`, task: { url: `${app.url}/v1/enqueue`, ...next } };
}

it('a task that leads to itself comes to an end after five, and the last one is not tried again', async () => {
  await app.post('/v1/enqueue', chain(10));
  const last = await app.taskIn('dead_letter', 'loop.left-6');
  expect(last).toMatchObject({ attempts_made: 1, dead_letter_reason: 'permanent_failure' });
  expect(last.attempts[0]).toMatchObject({
    status: 400,
    response: expect.stringContaining('task_loop') as string,
  });
  for (const left of [10, 9, 8, 7]) await app.taskIn('completed', `loop.left-${left}`);
  await until(async () => (await app.get('/v1/tasks/loop.left-5')).status === 404);
});

it('a task retries no dead letters, neither some nor in the background', async () => {
  const refused = [400, 'task_loop'];
  for (const [path, body] of [
    ['/admin/dlq/retry', { retry_all: true }],
    ['/admin/operations', { action: 'retry', filter: { state: 'dead_letter' } }],
  ] as const) {
    const answer = await app.post(path, body, { 'x-task-depth': '1' });
    expect([answer.status, answer.body['code']], path).toEqual(refused);
    expect((await app.post(path, body)).status, path).toBeLessThan(300);
  }
});
