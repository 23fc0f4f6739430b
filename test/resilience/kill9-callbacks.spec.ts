import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KillableWorkers } from '../support/killable-workers.js';
import { Receiver } from '../support/receiver.js';
import { inRedis, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const TASKS = 60;
const KILLS = 4;

let api: TestApp;
let target: Receiver;
let done: Receiver;
const workers = new KillableWorkers();
beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api' });
  [target, done] = [await Receiver.start(), await Receiver.start()];
});
afterEach(async () => {
  await workers.stop();
  await Promise.all([target.stop(), done.stop(), api.stop()]);
});

const orders = () => inRedis((redis) => redis.zcard('{tr}:callbacks'));
const enqueue = () => api.enqueue({ url: target.url }, { callback_url: done.url, timeout: 5 });
const told = () => done.received.map(({ headers }) => String(headers['x-task-id']));

describe('kill -9 of a worker', () => {
  it('between the end of a task and its callback: another one tells of it, once', async () => {
    await api.enqueue({ url: target.url }, { delay: 3600 });
    // For this worker there is room for one task, and that one is there: it can end a task, and store no callback.
    const full = await workers.start({ MAX_QUEUE_SIZE: '1' });
    const id = await enqueue();
    await api.taskIn('completed', id);
    expect(await orders()).toBe(1);
    full.child.kill('SIGKILL');
    await full.ended;
    expect(told()).toEqual([]);
    await workers.start();
    await done.gets(1, 30_000);
    await api.taskIn('completed', `${id}@callback`);
    await until(async () => (await orders()) === 0, { timeoutMs: 15_000 });
    expect(told()).toEqual([`${id}@callback`]);
  });

  it('again and again while tasks end: each is told of, and no end by two callbacks', async () => {
    const ids: string[] = [];
    const add = async () => ids.push(...(await Promise.all(Array.from({ length: TASKS / KILLS }, enqueue))));
    for (let kills = 0; kills < KILLS; kills++) {
      const worker = await workers.start();
      const [before] = [told().length, await add()];
      await until(() => told().length > before, { timeoutMs: 30_000 });
      worker.child.kill('SIGKILL');
      await worker.ended;
    }
    await workers.start();
    const expected = ids.map((id) => `${id}@callback`).toSorted();
    await until(async () => new Set(told()).size === TASKS && (await orders()) === 0, { timeoutMs: 60_000 });
    expect([...new Set(told())].toSorted()).toEqual(expected);
    process.stdout.write(
      `kill9-callbacks: ${KILLS} kills, ${TASKS} ends, lost 0, deliveries ${told().length}\n`,
    );
  });
});
