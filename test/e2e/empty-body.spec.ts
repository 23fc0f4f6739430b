import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

it('an empty body is none, whatever its type is said to be', async () => {
  const schedule = { client_id: 'clocked', schedule_id: 'empty', every: '1h', type: 'echo' };
  expect((await app.post('/v1/schedules', schedule)).status).toBe(201);
  const verbs = ['pause', 'resume', 'run'].map((verb) => `/v1/schedules/clocked.empty/${verb}`);
  const statuses: number[] = [];
  for (const path of [...verbs, '/admin/queues/low/pause', '/admin/queues/low/resume'])
    statuses.push((await app.post(path, '')).status);
  expect(statuses).toEqual([200, 200, 202, 200, 200]);
});
