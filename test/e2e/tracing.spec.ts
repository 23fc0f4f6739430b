import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CollectedSpan, Collector } from '../support/collector.js';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { scrape } from '../support/scrape.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const SECRET = 'hunter2';

let collector: Collector;
let target: Receiver;
const processes: Product[] = [];

beforeAll(async () => {
  const redis = new Redis(redisUrl());
  await redis.flushdb();
  await redis.quit();
  [collector, target] = await Promise.all([Collector.start(), Receiver.start()]);
});
afterEach(async () => {
  await stopAll();
  target.reset();
  collector.spans.length = 0;
  collector.requests.length = 0;
});
afterAll(async () => {
  await Promise.all([collector.stop(), target.stop()]);
});

async function start(mode: string, environment: Record<string, string> = {}): Promise<Product> {
  const product = await startProduct({
    REDIS_URL: redisUrl(),
    MODE: mode,
    ALLOW_LOOPBACK_URLS: 'true',
    RETRY_MIN_BACKOFF_SEC: '0.05',
    RETRY_JITTER: '0',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    ...environment,
  });
  processes.push(product);
  return product;
}

async function stopAll(): Promise<void> {
  // All of them, whatever becomes of one: one that is left over works for the tests that follow.
  const all = processes.splice(0);
  for (const { child } of all) child.kill('SIGTERM');
  expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(all.map(() => 0));
}

async function enqueue(api: Product, headers: Record<string, string> = {}, task: object = {}) {
  const body = {
    client_id: 'tracer',
    task: {
      url: `${target.url}/hook?key=${SECRET}`,
      body: SECRET,
      headers: { authorization: SECRET },
      ...task,
    },
  };
  const answer = await fetch(`${api.url}/v1/enqueue?token=${SECRET}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-other': SECRET, ...headers },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { task_id: string }).task_id;
}

async function completed(api: Product, id: string): Promise<void> {
  const state = async () =>
    ((await (await fetch(`${api.url}/v1/tasks/${id}`)).json()) as { state: string }).state;
  await until(async () => (await state()) === 'completed', { timeoutMs: 10_000 });
}

const ofKind = (kind: number | undefined, spans: readonly CollectedSpan[]) =>
  spans.filter((span) => span.kind === kind).toSorted((a, b) => (a.startNano < b.startNano ? -1 : 1));

describe('tracing', () => {
  it('tells of a task from its enqueueing to its end, through a retry, over two processes', async () => {
    const endpoint = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=k1',
    };
    const api = await start('api', endpoint);
    await start('worker', { ...endpoint, OTEL_SERVICE_NAME: 'the-worker' });
    target.answer = (_request, response, nth) => response.writeHead(nth === 1 ? 503 : 200).end(SECRET);
    const id = await enqueue(api, { traceparent: `00-${TRACE}-${CALLER}-01` });
    await completed(api, id);
    await stopAll();
    const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
    const [server, ...moreServers] = ofKind(SERVER, spans);
    const [producer, ...moreProducers] = ofKind(PRODUCER, spans);
    const attempts = ofKind(CONSUMER, spans);
    const calls = ofKind(CLIENT, spans);
    expect([moreServers.length, moreProducers.length, attempts.length, calls.length]).toEqual([0, 0, 2, 2]);
    expect(server).toMatchObject({
      ...{
        name: 'POST /v1/enqueue',
        parentSpanId: CALLER,
        service: 'task-runner',
        mode: 'api',
        isError: false,
      },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/enqueue',
        'url.path': '/v1/enqueue',
        'server.address': '127.0.0.1',
        'http.response.status_code': 202,
      },
    });
    expect(producer).toMatchObject({
      ...{ name: 'send default', parentSpanId: server!.spanId },
      attributes: { 'messaging.destination.name': 'default', 'messaging.message.id': id },
    });
    for (const [at, attempt] of attempts.entries()) {
      expect(attempt).toMatchObject({
        ...{ name: 'process default', parentSpanId: producer!.spanId, service: 'the-worker', mode: 'worker' },
        ...{ links: [{ traceId: TRACE, spanId: producer!.spanId }], isError: at === 0 },
        attributes: {
          'messaging.operation.type': 'process',
          'messaging.message.id': id,
          'task_runner.attempt': at + 1,
          'task_runner.outcome': at === 0 ? 'rejected' : 'succeeded',
          ...(at === 0 && { 'error.type': '503' }),
        },
      });
      expect(calls[at]).toMatchObject({
        ...{ name: 'POST', parentSpanId: attempt.spanId, isError: at === 0 },
        attributes: {
          'http.request.method': 'POST',
          'http.response.status_code': at === 0 ? 503 : 200,
          'url.full': `${target.url}/hook`,
          'server.address': '127.0.0.1',
          'server.port': Number(new URL(target.url).port),
        },
      });
      expect(target.received[at]!.headers['traceparent']).toBe(`00-${TRACE}-${calls[at]!.spanId}-01`);
    }
    expect(collector.text).not.toContain(SECRET);
    expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'api-key': 'k1' } });
  });

  it('puts the ids into the lines of requests and attempts', async () => {
    const both = await start('both', {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://${collector.address}/v1/traces`,
    });
    await completed(both, await enqueue(both));
    await stopAll();
    const lines = both
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const line = (msg: string, fields: object) =>
      lines.find(
        (each) => each['msg'] === msg && Object.entries(fields).every(([key, of]) => each[key] === of),
      );
    const [server] = ofKind(SERVER, collector.spans);
    const [attempt] = ofKind(CONSUMER, collector.spans);
    expect(line('request', { route: '/v1/enqueue' })).toMatchObject({
      ...{ trace_id: server!.traceId, span_id: server!.spanId },
    });
    expect(line('attempt', {})).toMatchObject({ trace_id: attempt!.traceId, span_id: attempt!.spanId });
    expect(attempt!.traceId).toBe(server!.traceId);
  });

  it('keeps what the caller decided, and the share that the sampler says', async () => {
    const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
    const both = await start('both', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.address, ...sampler });
    await completed(both, await enqueue(both));
    await completed(both, await enqueue(both, { traceparent: `00-${'b'.repeat(32)}-${CALLER}-00` }));
    const own = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00';
    await completed(both, await enqueue(both, {}, { headers: { traceparent: own } }));
    await completed(both, await enqueue(both, { traceparent: `00-${TRACE}-${CALLER}-01` }));
    await stopAll();
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const sent = target.received.map(({ headers }) => headers['traceparent']);
    expect(sent[0]).toMatch(/-00$/);
    expect(sent[1]).toMatch(new RegExp(`^00-${'b'.repeat(32)}-.{16}-00$`));
    expect(sent[2]).toBe(own);
  });

  it('costs nothing but spans while the collector is away', async () => {
    const gone = await Collector.start();
    const { address } = gone;
    await gone.stop();
    const both = await start('both', {
      OTEL_EXPORTER_OTLP_ENDPOINT: address,
      OTEL_BSP_MAX_QUEUE_SIZE: '20',
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
    });
    for (let n = 0; n < 30; n++) await completed(both, await enqueue(both));
    const lost = async () => (await scrape(both.url)).sum('taskqueue_trace_spans_total', { result: 'lost' });
    await until(async () => (await lost()) > 20, { timeoutMs: 20_000, every: 200 });
    await until(() => both.output().includes('the collector does not take traces'), { timeoutMs: 20_000 });
    const health = (await (await fetch(`${both.url}/health/detailed`)).json()) as {
      details: { tracing: object };
    };
    expect(health.details.tracing).toMatchObject({
      status: 'up',
      collector: 'does not take traces',
      spans_sent: 0,
    });
    await stopAll();
    expect(both.output().match(/the collector does not take traces/g)).toHaveLength(1);
  });

  it.each(['api', 'worker'])('without an endpoint loads nothing of OpenTelemetry in %s', async (mode) => {
    const coverage = mkdtempSync(join(tmpdir(), 'task-runner-tracing-'));
    try {
      await start(mode, { NODE_V8_COVERAGE: coverage });
      await stopAll();
      const reports = readdirSync(coverage).map((name) => readFileSync(join(coverage, name), 'utf8'));
      const urls = reports.flatMap((report) => (JSON.parse(report) as { result: { url: string }[] }).result);
      const found = urls.flatMap(
        ({ url }) => /\/node_modules\/(@opentelemetry\/[^/]+)\//.exec(url)?.[1] ?? [],
      );
      // The client for Prometheus loads this facade by itself, with tracing and without.
      expect(new Set(found)).toEqual(new Set(['@opentelemetry/api']));
      expect(urls.some(({ url }) => url.includes('/tracing/otel-tracing.js'))).toBe(false);
      expect(urls.some(({ url }) => url.includes('/tracing/open-tracing.js'))).toBe(true);
    } finally {
      rmSync(coverage, { recursive: true, force: true });
    }
  });
});
