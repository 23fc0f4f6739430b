import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

/** Part of everything that nobody may read in the log, the metrics and the health routes. */
const SECRET = 'pl4nt3d';
const ADMIN_KEY = `${SECRET}-admin-key-0123456789`;
const AS_ADMIN = { 'x-admin-key': ADMIN_KEY };

let target: Receiver;
let product: Product;

beforeAll(async () => {
  target = await Receiver.start();
  product = await startProduct({
    REDIS_URL: redisUrl(),
    LOG_LEVEL: 'debug',
    ALLOW_LOOPBACK_URLS: 'true',
    ADMIN_API_KEY: ADMIN_KEY,
    METRICS_TOKEN: `${SECRET}-metrics`,
    AUTOSCALE_TOKEN: `${SECRET}-autoscale`,
    OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:9',
    OTEL_EXPORTER_OTLP_HEADERS: `api-key=${SECRET}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    RETRY_MIN_BACKOFF_SEC: '0.05',
  });
});
afterAll(async () => {
  await target.stop();
});

async function send(path: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') {
  const answer = await fetch(product.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method !== 'GET' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const task = (fields: object = {}) => ({
  client_id: 'careful',
  max_retries: 0,
  task: {
    url: `${target.url}/hook?key=${SECRET}#${SECRET}`,
    headers: { authorization: `Bearer ${SECRET}`, 'x-own': SECRET, cookie: SECRET },
    body: JSON.stringify({ password: SECRET }),
  },
  ...fields,
});

it('no secret is in the log, in metrics or in health, wherever it was planted', async () => {
  target.answer = (_request, response) =>
    response.writeHead(500, { 'set-cookie': SECRET, 'x-answer': SECRET }).end('failed');
  const everywhere = {
    authorization: `Bearer ${SECRET}`,
    cookie: SECRET,
    'x-api-key': SECRET,
    'x-more': SECRET,
  };
  expect((await send(`/v1/enqueue?token=${SECRET}`, task())).status).toBe(202);
  // A key that is none, a wrong admin key, a body that is none, fields and methods that are none.
  expect((await send('/v1/enqueue', task(), everywhere)).status).toBe(401);
  expect((await send('/admin/clients/set', {}, { 'x-admin-key': `${SECRET}-wrong` })).status).toBe(401);
  expect((await send('/v1/enqueue', `{"password":"${SECRET}`)).status).toBe(400);
  expect((await send('/v1/enqueue', { ...task(), apiKey: SECRET })).status).toBe(400);
  expect((await send(`/nowhere/at-all?token=${SECRET}`, {}, everywhere)).status).toBe(404);
  const withCredentials = task({ task: { url: `http://me:${SECRET}@127.0.0.1/` } });
  expect((await send('/v1/enqueue', withCredentials)).status).toBe(400);
  // Calls of admins, and one whose target is not there.
  expect(
    (await send('/admin/clients/set', { client_id: 'careful', tier: 'basic', enabled: true }, AS_ADMIN))
      .status,
  ).toBe(200);
  const made = await send('/admin/clients/careful/keys', {}, AS_ADMIN);
  const { key } = JSON.parse(made.text) as { key: string };
  expect((await send('/v1/enqueue', task(), { authorization: `Bearer ${key}` })).status).toBe(202);
  const nobody = {
    url: `http://127.0.0.1:9/x?key=${SECRET}`,
    headers: { authorization: SECRET },
    body: SECRET,
  };
  expect((await send('/v1/enqueue', task({ task: nobody }))).status).toBe(202);
  const typed = { client_id: 'careful', max_retries: 0, type: 'fail', payload: { message: SECRET } };
  expect((await send('/v1/enqueue', typed)).status).toBe(202);
  await send('/v1/autoscale', undefined, { authorization: `Bearer ${SECRET}-autoscale` }, 'GET');
  await send(`/ws?token=${SECRET}`, undefined, {}, 'GET');

  const attempts = () => product.output().match(/"msg":"attempt"/g)?.length ?? 0;
  await until(() => attempts() >= 4 && product.output().includes('the collector does not take traces'), {
    timeoutMs: 20_000,
  });
  const metrics = await send('/metrics', undefined, { authorization: `Bearer ${SECRET}-metrics` }, 'GET');
  expect(metrics.status).toBe(200);
  const health = await send('/health/detailed', undefined, {}, 'GET');
  product.child.kill('SIGTERM');
  expect(await product.ended).toBe(0);
  expect(product.output()).toContain('/hook');
  for (const [place, text] of Object.entries({
    log: product.output(),
    metrics: metrics.text,
    health: health.text,
  })) {
    expect(text, place).not.toContain(SECRET);
    expect(text, place).not.toContain(key);
  }
});
