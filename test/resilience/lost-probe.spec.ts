import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KillableWorkers } from '../support/killable-workers.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PROBES = 3;
const THRESHOLD = 5;
const TASKS = 20;

let api: TestApp;
let target: Receiver;
let redis: Redis;
const workers = new KillableWorkers({ CB_TIMEOUT_SEC: '0.5' });

beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api', CB_TIMEOUT_SEC: '0.5' });
  target = await Receiver.start();
  redis = new Redis(redisUrl());
});
afterEach(async () => {
  await workers.stop();
  await redis.quit();
  await target.stop();
  await api.stop();
});

it('kill -9 of a worker that holds all probes of a host does not leave its circuit stuck', async () => {
  let isFailing = true;
  // It fails until its circuit opens, then never answers again.
  target.answer = (_request, response, nth) => {
    if (!isFailing) response.end('ok');
    else if (nth <= THRESHOLD) response.writeHead(500).end();
  };
  const first = await workers.start();
  for (let n = 0; n < THRESHOLD; n++) await api.enqueue({ url: target.url }, { max_retries: 0 });
  await target.gets(THRESHOLD);
  const ids = await Promise.all(Array.from({ length: TASKS }, () => api.enqueue({ url: target.url })));
  await target.gets(THRESHOLD + PROBES);
  const host = new URL(target.url).origin;
  expect(await redis.hget('{tr}:running', `p:${host}`)).toBe(String(PROBES));
  first.child.kill('SIGKILL');
  await first.ended;
  isFailing = false;
  const since = performance.now();
  await workers.start();
  const tasks = await Promise.all(ids.map((id) => api.taskIn('completed', id, 30_000)));
  const recovered = Math.round(performance.now() - since);
  // No crash costs an attempt, and no more than the lost ones were delivered again.
  expect(tasks.map(({ attempts_made }) => attempts_made)).toEqual(ids.map(() => 1));
  expect(target.received).toHaveLength(THRESHOLD + PROBES + TASKS);
  await until(async () => (await redis.exists('{tr}:held', '{tr}:running')) === 0);
  process.stdout.write(
    `lost-probe: acknowledged ${TASKS}, lost 0, deliveries ${target.received.length - THRESHOLD}, recovered after ${recovered} ms\n`,
  );
});
