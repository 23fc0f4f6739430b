import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/metrics/catalogue.js';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { type Scrape, scrape } from '../support/scrape.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

const MAX_NAMES = 5;
const ENVIRONMENT = {
  REDIS_URL: redisUrl(),
  ALLOW_LOOPBACK_URLS: 'true',
  LOG_LEVEL: 'info',
  RETRY_MIN_BACKOFF_SEC: '0.05',
  RETRY_JITTER: '0',
  CB_FAILURE_THRESHOLD: '3',
  METRICS_MAX_NAMES: String(MAX_NAMES),
  UNKNOWN_CLIENT_TIER: 'free',
};
/** What needs something that this test does not do: Redis that refuses, a lost worker, a replica, a slow listener. */
const WITHOUT_VALUES = [
  'taskqueue_redis_errors_total',
  'taskqueue_store_replica_lag_seconds',
  'taskqueue_store_replica_behind_bytes',
  'taskqueue_event_listeners_sent_away_total',
];

let target: Receiver;
let api: Product;
let worker: Product;

beforeAll(async () => {
  const redis = new Redis(redisUrl());
  await redis.flushdb();
  await redis.quit();
  target = await Receiver.start();
  api = await startProduct({ ...ENVIRONMENT, MODE: 'api' });
  worker = await startProduct({ ...ENVIRONMENT, MODE: 'worker' });
});
afterAll(async () => {
  for (const { child, ended } of [api, worker]) {
    child.kill('SIGTERM');
    await ended;
  }
  await target.stop();
});

async function send(method: string, path: string, body?: object): Promise<Record<string, string>> {
  const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(api.url + path, { method, ...init });
  return (await answer.json()) as Record<string, string>;
}

async function enqueue(client: string, task: object = {}, fields: object = {}): Promise<string> {
  const body = { client_id: client, task: { url: target.url, ...task }, ...fields };
  return (await send('POST', '/v1/enqueue', body))['task_id'] ?? '';
}

async function taskIn(state: string, id: string): Promise<void> {
  await until(async () => (await send('GET', `/v1/tasks/${id}`))['state'] === state);
}

const namesOf = (role: 'api' | 'worker') =>
  CATALOGUE.flatMap(({ metrics }) => metrics).filter(
    (metric) => metric.role === 'both' || metric.role === role,
  );

/** Figures of the fleet are told for five seconds. */
async function freshScrape(): Promise<Scrape> {
  const counted = (of: Scrape) => of.sum('taskqueue_fleet_counted_timestamp_seconds');
  const before = counted(await scrape(api.url));
  let last = await scrape(api.url);
  await until(async () => counted((last = await scrape(api.url))) > before, {
    timeoutMs: 15_000,
    every: 500,
  });
  return last;
}

describe('/metrics', () => {
  it('after real traffic exposes what the catalogue says of the role, with values, and nothing else', async () => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws`);
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'subscribe' }));
    });
    await until(async () => (await scrape(api.url)).sum('taskqueue_event_listeners') === 1);
    await makeTraffic();
    await until(async () => (await scrape(api.url)).sum('taskqueue_websocket_messages_total') > 0);
    expectFigures({ api: await freshScrape(), worker: await scrape(worker.url) });
    await makeOwnTraffic();
    const scrapes = { api: await freshScrape(), worker: await scrape(worker.url) };
    socket.close();
    for (const role of ['api', 'worker'] as const) {
      const wanted = namesOf(role);
      expect([...scrapes[role].names].toSorted(), role).toEqual(wanted.map(({ name }) => name).toSorted());
      for (const metric of wanted) {
        const { name, type, labels } = metric;
        expect(scrapes[role].types.get(name), name).toBe(type);
        // What both count, one of them does here.
        const by = metric.role === 'both' ? (['api', 'worker'] as const) : [role];
        const series = by.flatMap((each) =>
          scrapes[each].series(type === 'histogram' ? `${name}_count` : name),
        );
        if (!WITHOUT_VALUES.includes(name)) expect(series.length, `${role}: ${name}`).toBeGreaterThan(0);
        for (const each of series)
          expect(Object.keys(labels), name).toEqual(expect.arrayContaining(Object.keys(each.labels)));
      }
    }
  });

  it('tells the same of the fleet at every process', async () => {
    const other = await startProduct({ ...ENVIRONMENT, MODE: 'both' });
    try {
      const [one, two] = await Promise.all([freshScrape(), scrape(other.url)]);
      const again = await scrape(other.url);
      const fleet = CATALOGUE.find(({ title }) => title === 'The whole fleet')!.metrics;
      const last =
        again.sum('taskqueue_fleet_counted_timestamp_seconds') ===
        one.sum('taskqueue_fleet_counted_timestamp_seconds')
          ? again
          : two;
      for (const { name } of fleet) expect(last.series(name), name).toEqual(one.series(name));
    } finally {
      other.child.kill('SIGTERM');
      await other.ended;
    }
  });

  it('does not grow with the number of clients and hosts', async () => {
    const tasks = Array.from({ length: 1000 }, (_, n) => ({
      client_id: `crowd-${n}`,
      max_retries: 0,
      task: { url: `http://127.0.${1 + Math.floor(n / 200)}.${1 + (n % 200)}:${new URL(target.url).port}` },
    }));
    await send('POST', '/v1/enqueue/batch', { tasks });
    const attempts = async () => (await scrape(worker.url)).sum('taskqueue_host_attempts_total');
    await until(async () => (await attempts()) >= 1000, { timeoutMs: 60_000, every: 200 });
    const [ofApi, ofWorker] = [await freshScrape(), await scrape(worker.url)];
    for (const { name, labels } of [...namesOf('api'), ...namesOf('worker')])
      for (const label of ['client', 'host', 'queue'].filter((each) => each in labels))
        for (const each of [ofApi, ofWorker])
          expect(
            new Set(each.series(name).map((series) => series.labels[label])).size,
            name,
          ).toBeLessThanOrEqual(MAX_NAMES + 1);
    expect(ofWorker.sum('taskqueue_host_attempts_total', { host: 'other' })).toBeGreaterThan(900);
    const total = [...ofApi.names].reduce((sum, name) => sum + ofApi.series(name).length, 0);
    expect(total).toBeLessThan(600);
  });
});

/** Of each way that a task goes, one. */
async function makeTraffic(): Promise<void> {
  await taskIn('completed', await enqueue('plain'));
  await taskIn('completed', await enqueue('later', {}, { delay: 0.2 }));
  const cancelled = await enqueue('cancelled', {}, { delay: 600 });
  await send('DELETE', `/v1/tasks/${cancelled}`);
  target.answer = (_request, response, nth) => response.writeHead(nth % 2 === 0 ? 200 : 503).end();
  target.received.length = 0;
  await taskIn('completed', await enqueue('retried'));
  target.answer = (_request, response) => response.writeHead(500).end();
  await taskIn('dead_letter', await enqueue('dead', {}, { max_retries: 0 }));
  target.reset();
  for (let n = 0; n < 12; n++) await enqueue('limited', {}, { delay: 600 });
  for (let n = 0; n < 4; n++) await enqueue('gone', { url: 'http://127.0.0.1:9' }, { max_retries: 9 });
  await until(
    async () => (await scrape(worker.url)).sum('taskqueue_circuit_changes_total', { to: 'open' }) > 0,
  );
}

/** What comes to be of tasks by themselves. */
async function makeOwnTraffic(): Promise<void> {
  await send('POST', '/admin/operations', { action: 'cancel', filter: { client_id: 'gone' } });
  await taskIn('completed', await enqueue('heard', {}, { callback_url: target.url }));
  await send('POST', '/v1/schedules', {
    schedule_id: 'every',
    client_id: 'scheduled',
    every: '1s',
    task: { url: target.url },
  });
  await until(async () => (await scrape(worker.url)).sum('taskqueue_occurrence_lateness_seconds_count') > 0);
  await until(async () => (await scrape(api.url)).sum('taskqueue_operations_total') > 0);
  await until(async () => (await scrape(worker.url)).sum('taskqueue_callbacks_total') > 0);
}

function expectFigures({ api: ofApi, worker: ofWorker }: Record<'api' | 'worker', Scrape>): void {
  expect(ofApi.sum('taskqueue_tasks_completed_total', { status: 'cancelled' })).toBe(1);
  expect(ofWorker.sum('taskqueue_tasks_completed_total', { status: 'completed' })).toBe(3);
  expect(ofWorker.sum('taskqueue_dlq_added_total')).toBe(1);
  expect(ofWorker.sum('taskqueue_task_end_to_end_seconds_count')).toBe(3);
  expect(ofWorker.sum('taskqueue_schedule_lateness_seconds_count')).toBe(1);
  expect(ofWorker.sum('taskqueue_client_attempts_total', { client: 'retried', class: 'rejected' })).toBe(1);
  expect(ofApi.sum('taskqueue_rate_limit_hits_total', { limit: 'tier' })).toBe(2);
  expect(ofApi.sum('taskqueue_dlq_size')).toBe(1);
  expect(ofApi.sum('taskqueue_active_workers')).toBe(1);
  expect(ofApi.sum('taskqueue_queue_depth', { state: 'scheduled' })).toBeGreaterThanOrEqual(10);
  expect(ofApi.sum('taskqueue_circuits')).toBe(1);
  expect(ofApi.sum('taskqueue_host_deferred_tasks', { host: 'http://127.0.0.1:9' })).toBeGreaterThan(0);
  const deferred = ofApi.sum('taskqueue_deferred_tasks');
  expect(deferred).toBeGreaterThan(0);
  expect(ofApi.sum('taskqueue_queue_depth', { state: 'deferred' })).toBe(deferred);
}
