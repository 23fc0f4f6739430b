import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WorkerDetailView } from '../../src/admin/admin-workers.dto.js';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const QUICK = { WORKER_HEARTBEAT_SEC: '0.5', WORKER_TIMEOUT_SEC: '1.5', TASK_LOCK_SEC: '2' };

let api: TestApp;
let target: Receiver;
const workers: Product[] = [];

beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api', ...QUICK });
  target = await Receiver.start();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.child.kill('SIGKILL');
    await worker.ended;
  }
  await target.stop();
  await api.stop();
});

async function startWorker(id: string): Promise<Product> {
  const environment = { MODE: 'worker', ALLOW_LOOPBACK_URLS: 'true', WORKER_ID: id, REDIS_URL: redisUrl() };
  const worker = await startProduct({ ...environment, ...QUICK });
  workers.push(worker);
  return worker;
}

const view = async (id: string) => (await api.get<WorkerDetailView>(`/admin/workers/${id}`)).body;

it('a worker that is killed while it is paused comes back paused, and its tasks run on another', async () => {
  target.answer = () => undefined;
  const first = await startWorker('w-1');
  const id = await api.enqueue({ url: target.url });
  await target.gets(1);
  expect(await api.send('POST', '/admin/workers/w-1/pause')).toMatchObject({ body: { state: 'paused' } });
  first.child.kill('SIGKILL');
  await first.ended;
  await until(async () => (await view('w-1')).state === 'gone', { timeoutMs: 15_000 });
  expect(await view('w-1')).toMatchObject({ gone_because: 'lost', running: [{ task_id: id }] });
  target.reset();
  await startWorker('w-1');
  expect((await view('w-1')).state).toBe('paused');
  const second = await startWorker('w-2');
  await api.taskIn('completed', id, 20_000);
  expect(await view('w-1')).toMatchObject({ state: 'paused', tasks_done: 0 });
  second.child.kill('SIGTERM');
  await second.ended;
  expect(await view('w-2')).toMatchObject({ state: 'gone', gone_because: 'stopped' });
});
