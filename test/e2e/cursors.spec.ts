import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApp } from '../support/test-app.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ ADMIN_API_KEY: ADMIN['x-admin-key'] });
});
afterAll(() => app.stop());

const LISTS = [
  ...['/v1/tasks', '/v1/schedules', '/tasks', '/api/v1/tasks'],
  ...['queues', 'clients', 'workers', 'circuits', 'dlq', 'operations', 'audit'].map(
    (name) => `/admin/${name}`,
  ),
];

it.each(LISTS)('%s says so when it is given a cursor that it has not given to anybody', async (path) => {
  for (const cursor of ['junk', 'default', '%00', '*', '']) {
    const answer = await app.get(`${path}?cursor=${cursor}`, ADMIN);
    expect([answer.status, cursor]).toEqual([400, cursor]);
    expect(JSON.stringify(answer.body)).toContain('must be the next_cursor of a page');
  }
});

it.each(['/v1/tasks', '/tasks', '/api/v1/tasks', '/admin/dlq'])(
  '%s has nothing before 1970',
  async (path) => {
    const { status } = await app.get(`${path}?cursor=${Buffer.from('0-0').toString('base64url')}`, ADMIN);
    expect(status).toBe(400);
  },
);
