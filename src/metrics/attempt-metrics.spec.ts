import { register } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import { readExposition, type Scrape } from '../../test/support/scrape.js';
import { loadConfig } from '../config/load-config.js';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';
import { AttemptMetrics } from './attempt-metrics.js';
import { AttemptNameMetrics } from './name-metrics.js';

const HOST = 'https://a.example';
const task = {
  ...{ id: 'a', clientId: 'client-a', queue: 'mail', lane: 'high', createdAt: 10_000, scheduledAt: 10_000 },
  target: { url: `${HOST}/hook`, method: 'POST' },
} as unknown as Task;
const first: Attempt = {
  ...{ number: 1, startedAt: 12_000, endedAt: 12_500, class: 'rejected', status: 503 },
  timings: { queueMs: 2000, totalMs: 500 },
};
const second: Attempt = {
  ...{ number: 2, startedAt: 20_000, endedAt: 20_250, class: 'succeeded', status: 200 },
  timings: { queueMs: 40, totalMs: 250 },
};

let metrics: AttemptMetrics;
beforeEach(() => {
  register.clear();
  metrics = new AttemptMetrics(new AttemptNameMetrics(loadConfig({})));
});

async function after(
  of: Task,
  ...attempts: readonly (readonly [Attempt, Settlement['kind']])[]
): Promise<Scrape> {
  for (const [attempt, kind] of attempts)
    metrics.attempted(of, { attempt, settlement: { kind } as Settlement, host: HOST });
  return readExposition(await register.metrics());
}

it('each attempt is counted by what it came to, wherever attempts are counted', async () => {
  const scrape = await after(task, [first, 'retry'], [second, 'complete']);
  for (const [name, labels] of [
    ['taskqueue_attempts_total', { type: 'http', priority: 'high' }],
    ['taskqueue_client_attempts_total', { client: 'client-a' }],
    ['taskqueue_host_attempts_total', { host: HOST }],
    ['taskqueue_task_duration_seconds_count', { type: 'http' }],
  ] as const) {
    expect(scrape.sum(name), name).toBe(2);
    for (const outcome of ['rejected', 'succeeded'])
      expect(scrape.sum(name, { ...labels, class: outcome }), name).toBe(1);
  }
  expect(scrape.sum('taskqueue_attempts_total', { class: 'rejected', status: '5xx' })).toBe(1);
  expect(scrape.sum('taskqueue_task_duration_seconds_sum')).toBe(0.75);
  expect(scrape.sum('taskqueue_host_attempt_seconds_total', { host: HOST })).toBe(0.75);
});

it('a retry is what is not the first attempt; how long it waited says nothing of the queue', async () => {
  const scrape = await after(task, [first, 'retry'], [second, 'complete']);
  expect(scrape.sum('taskqueue_task_retries_total', { type: 'http' })).toBe(1);
  expect(scrape.sum('taskqueue_queue_latency_seconds_count', { priority: 'high' })).toBe(1);
  expect(scrape.sum('taskqueue_queue_latency_seconds_sum')).toBe(2);
});

it('from when a task was to begin until it was completed all counts, its retries, too; a failure is no end', async () => {
  const failed = await after(task, [first, 'dead_letter']);
  expect(failed.sum('taskqueue_task_end_to_end_seconds_count')).toBe(0);
  const done = await after(task, [second, 'complete']);
  expect(done.sum('taskqueue_task_end_to_end_seconds_sum', { priority: 'high' })).toBe(10.25);
});

it('lateness is that of tasks that were stored for later', async () => {
  const atOnce = await after(task, [first, 'retry']);
  expect(atOnce.sum('taskqueue_schedule_lateness_seconds_count')).toBe(0);
  const later = await after({ ...task, createdAt: 5000 }, [first, 'retry']);
  expect(later.sum('taskqueue_schedule_lateness_seconds_sum')).toBe(2);
});
