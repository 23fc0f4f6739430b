import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';

let app: TestApp;
let target: Receiver;
let redis: Redis;
beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start(), Receiver.start()]);
  redis = new Redis(redisUrl());
});
afterAll(async () => {
  await app.stop();
  await target.stop();
  await redis.quit();
});

it('a task that was damaged in Redis answers like any other, and ends as a dead letter that says so', async () => {
  const id = await app.enqueue({ url: target.url }, { delay: 60, task_id: 'mine' });
  await redis.hset(`{tr}:default:${id}`, 'data', '{"id":');
  expect(await app.get(`/v1/tasks/${id}`)).toMatchObject({
    status: 200,
    body: {
      state: 'scheduled',
      client_id: 'test-client',
      task: { url: `${target.url}/`, is_unreadable: true },
    },
  });
  expect(await app.get(`/v1/tasks/${id}/explain`)).toMatchObject({
    status: 200,
    body: { state: 'scheduled' },
  });
  expect(await app.send('PATCH', `/v1/tasks/${id}`, { max_retries: 1 })).toMatchObject({
    status: 409,
    body: { code: 'task_unreadable' },
  });
  expect(await app.enqueue({ url: target.url }, { task_id: 'mine' })).toBe(id);

  expect((await app.post(`/v1/tasks/${id}/run`, {})).status).toBe(200);
  expect(await app.taskIn('dead_letter', id)).toMatchObject({
    dead_letter_reason: 'unreadable_task',
    attempts_made: 0,
    attempts: [{ class: 'interrupted', error: { code: 'unreadable_task' } }],
  });
  expect(target.received).toEqual([]);
});
