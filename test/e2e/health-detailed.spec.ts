import { afterEach, expect, it } from 'vitest';
import { inRedis, TestApp } from '../support/test-app.js';

let app: TestApp | undefined;
afterEach(async () => {
  await app?.stop();
});

interface Detailed {
  readonly status: string;
  readonly details: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

it('shows every component with its figures', async () => {
  app = await TestApp.start();
  await app.enqueue({ url: 'http://127.0.0.1:9' }, { delay: 600 });
  const { status, body } = await app.get<Detailed>('/health/detailed');
  expect(status).toBe(200);
  expect(body.status).toBe('ok');
  expect(body.details).toMatchObject({
    redis: {
      ...{ status: 'up', role: 'master', replicas_in_step: 0, max_memory_bytes: 0 },
      ...{ used_memory_bytes: expect.any(Number) as number, ping_ms: expect.any(Number) as number },
    },
    worker: { status: 'up', running: 0, last_turn_ms_ago: expect.any(Number) as number },
    queue: { status: 'up', pending: 0, scheduled: 1, dead_letters: 0, runnable: 0 },
    workers: { status: 'up', running: 1, busy_slots: 0, free_slots: 10, desired: 1 },
    circuits: { status: 'up', open: 0, half_open: 0, ramping: 0 },
    schedules: { status: 'up', overdue: 0 },
    scheduler: {
      ...{ status: 'up', last_claims_ms_ago: expect.any(Number) as number },
      last_occurrences_ms_ago: expect.any(Number) as number,
    },
    events: { status: 'up', listeners: 0, wanted: false },
  });
  expect(body.details).not.toHaveProperty('tracing');
});

it('needs none of the figures to be ready', async () => {
  app = await TestApp.start({ MODE: 'api' });
  const { body } = await app.get<Detailed>('/health/detailed');
  expect(Object.keys(body.details)).not.toContain('worker');
  expect(await app.get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
});

it('counts the schedules that nobody fires', async () => {
  app = await TestApp.start({ MODE: 'api' });
  const schedule = {
    client_id: 'late-client',
    schedule_id: 'late',
    every: 1,
    task: { url: 'http://127.0.0.1:9' },
  };
  expect((await app.post('/v1/schedules', schedule)).status).toBe(201);
  await app.post('/v1/schedules', { ...schedule, schedule_id: 'later', every: 3600 });
  // As after two minutes without a worker.
  await inRedis((redis) => redis.zincrby('{tr}:schedules:due', -120_000, 'late-client.late'));
  const { body } = await app.get<Detailed>('/health/detailed');
  expect(body.details['schedules']).toMatchObject({ overdue: 1 });
  const metrics = await app.get<string>('/metrics');
  expect(metrics.body).toMatch(/^taskqueue_schedules_overdue 1$/m);
});
