import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { startRedis } from '../../scripts/embedded-redis.mjs';
import { isRunning } from '../support/processes.js';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let api: TestApp;
let target: Receiver;
let worker: Product;

beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api' });
  target = await Receiver.start();
});
afterEach(async () => {
  if (isRunning(worker.pid)) worker.child.kill('SIGKILL');
  await worker.ended;
  await api.stop();
  await target.stop();
});

function startWorker(environment: Record<string, string> = {}): Promise<Product> {
  return startProduct({ MODE: 'worker', REDIS_URL: redisUrl(), ALLOW_LOOPBACK_URLS: 'true', ...environment });
}

describe('SIGTERM', () => {
  it('lets what runs finish, takes nothing new, answers probes meanwhile, and exits 0', async () => {
    let finish: (() => void) | undefined;
    target.answer = (_request, response) => {
      finish = () => response.end();
    };
    worker = await startWorker({ WORKER_CONCURRENCY: '1' });
    const running = await api.enqueue({ url: target.url });
    await target.gets(1);
    const waiting = await api.enqueue({ url: target.url });
    worker.child.kill('SIGTERM');

    await until(async () => (await fetch(`${worker.url}/health/ready`)).status === 503);
    expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
    finish?.();
    expect(await worker.ended).toBe(0);
    expect((await api.get<TaskView>(`/v1/tasks/${running}`)).body.state).toBe('completed');
    expect((await api.get<TaskView>(`/v1/tasks/${waiting}`)).body.state).toBe('pending');
    expect(target.received).toHaveLength(1);
  });

  it('does not wait for a Redis that is away when there is nothing to tell it', async () => {
    const redis = await startRedis({ appendOnly: false });
    worker = await startWorker({ REDIS_URL: redis.url, SHUTDOWN_TIMEOUT_SEC: '600' });
    await redis.stop();
    await until(async () => (await fetch(`${worker.url}/health/ready`)).status === 503);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  });

  it('hands back what has not finished by the deadline: it runs elsewhere, and the try does not count', async () => {
    target.answer = (_request, response, nth) => {
      if (nth > 1) response.end();
    };
    worker = await startWorker({ SHUTDOWN_TIMEOUT_SEC: '0.2' });
    const id = await api.enqueue({ url: target.url }, { max_retries: 0 });
    await target.gets(1);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);

    worker = await startWorker();
    const task = await api.taskIn('completed', id);
    expect(task.attempts).toMatchObject([
      { number: 1, class: 'interrupted', error: { code: 'aborted' } },
      { number: 1, class: 'succeeded' },
    ]);
    expect(task.attempts_made).toBe(1);
    expect(target.received.map(({ headers }) => headers['x-task-attempt'])).toEqual(['1', '1']);
  });

  it('twice, as a terminal sends it through npm, is one', async () => {
    let finish: (() => void) | undefined;
    target.answer = (_request, response) => {
      finish = () => response.end();
    };
    worker = await startWorker();
    const id = await api.enqueue({ url: target.url });
    await target.gets(1);
    worker.child.kill('SIGINT');
    worker.child.kill('SIGINT');
    await until(async () => (await fetch(`${worker.url}/health/ready`)).status === 503);
    finish?.();
    expect(await worker.ended).toBe(0);
    expect((await api.get<TaskView>(`/v1/tasks/${id}`)).body.state).toBe('completed');
  });
});
