import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KillableWorkers } from '../support/killable-workers.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';

let api: TestApp;
let target: Receiver;
const workers = new KillableWorkers();

beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api' });
  target = await Receiver.start();
});
afterEach(async () => {
  await workers.stop();
  await target.stop();
  await api.stop();
});

describe('kill -9 of a worker', () => {
  it('three times in a row loses nothing, and no task pays with an attempt', async () => {
    const crashes = 3;
    let lives = 0;
    target.answer = (_request, response) => {
      if (lives > crashes) response.end();
    };
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => api.enqueue({ url: target.url }, { max_retries: 0 })),
    );
    const recovered: number[] = [];
    for (lives = 1; lives <= crashes; lives++) {
      const worker = await workers.start();
      const since = performance.now();
      await target.gets(20 * lives, 30_000);
      if (lives > 1) recovered.push(Math.round(performance.now() - since));
      worker.child.kill('SIGKILL');
      await worker.ended;
    }
    await workers.start();
    const tasks = await Promise.all(ids.map((id) => api.taskIn('completed', id, 30_000)));
    expect(tasks.map(({ attempts_made }) => attempts_made)).toEqual(ids.map(() => 1));
    const seen = target.received.map(({ headers }) => headers['x-task-attempt']);
    expect(new Set(seen)).toEqual(new Set(['1']));
    process.stdout.write(
      `kill9-worker: acknowledged ${ids.length}, lost 0, deliveries ${seen.length}, recovered after ${recovered.join(', ')} ms\n`,
    );
  });

  it('makes a task a dead letter after 25 crashes, with that reason', async () => {
    const id = await api.enqueue({ url: target.url }, { delay: 3600 });
    const redis = new Redis(redisUrl());
    // As 25 crashes have left it: active, without a lock.
    await redis.hset(`{tr}:default:${id}`, 'stc', 25);
    await redis.zrem('{tr}:default:delayed', id);
    await redis.lpush('{tr}:default:active', id);
    await redis.quit();
    await workers.start();
    const task = await api.taskIn('dead_letter', id, 15_000);
    expect(task.dead_letter_reason).toBe('crashed_too_often');
    expect(target.received).toHaveLength(0);
  });
});
