import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { CreatedSigningSecret, SigningSecretList } from '../../src/admin/admin-signing.dto.js';
import { Receiver, type Received } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { verifies } from '../support/verify-webhook.js';

const CLIENT = 'signed-client';
const PATH = `/admin/clients/${CLIENT}/signing-secrets`;

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

async function start(environment: Record<string, string> = {}, keep = false) {
  const [app, target] = await Promise.all([TestApp.start(environment, keep), Receiver.start()]);
  open.push(app, target);
  await app.post('/admin/clients/set', { client_id: CLIENT, tier: 'enterprise' });
  return { app, target };
}

const now = () => Date.now() / 1000;
const make = async (app: TestApp, terms: object = {}) =>
  (await app.post<CreatedSigningSecret>(PATH, terms)).body;
const names = ({ headers }: Received) => Object.keys(headers).filter((name) => name.startsWith('webhook-'));

/** The first call that was made after workers have heard of the last change. */
async function callWhen(
  app: TestApp,
  target: Receiver,
  isIt: (call: Received) => boolean,
  task: object = {},
) {
  let found: Received | undefined;
  await until(async () => {
    const before = target.received.length;
    await app.enqueue({ url: target.url, ...task }, { client_id: CLIENT });
    found = (await target.gets(before + 1)).slice(before).find(isIt);
    return found !== undefined;
  });
  return found!;
}

it('every try of a task is signed, with its own time and the same id, over the bytes that are sent', async () => {
  const { app, target } = await start();
  const { secret, secret_id, client_id } = await make(app, { name: 'for the shop' });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(client_id).toBe(CLIENT);
  const body_base64 = Buffer.from([0, 0xff, 0xc3, 0x28]).toString('base64');
  await callWhen(app, target, (call) => verifies(call, secret, now()), { body_base64 });
  target.reset();
  target.answer = (_, response, nth) => {
    response.statusCode = nth === 1 ? 500 : 200;
    response.end();
  };
  const retry = { strategy: 'list', delays: [1.1], jitter: 0 };
  await app.enqueue({ url: target.url, body: 'ü' }, { client_id: CLIENT, task_id: 'order-1', retry });
  const [first, second] = await target.gets(2);
  for (const call of [first!, second!]) {
    expect(verifies(call, secret, now())).toBe(true);
    expect(call.headers['webhook-id']).toBe(`${CLIENT}:order-1`);
    expect(call.headers['x-task-id']).toBe(`${CLIENT}.order-1`);
  }
  expect(Number(second!.headers['webhook-timestamp'])).toBeGreaterThan(
    Number(first!.headers['webhook-timestamp']),
  );
  const listed = await app.get<SigningSecretList>(PATH);
  expect(listed.body.signing_secrets).toMatchObject([{ secret_id, name: 'for the shop' }]);
  expect(JSON.stringify(listed.body)).not.toContain(secret);
});

it('secrets are changed one after the other, and a client without one signs nothing', async () => {
  const { app, target } = await start();
  await callWhen(app, target, (call) => names(call).length === 0);
  const old = await make(app);
  const young = await make(app);
  const both = await callWhen(app, target, (call) => verifies(call, young.secret, now()));
  expect(verifies(both, old.secret, now())).toBe(true);
  expect((await app.send('DELETE', `${PATH}/${old.secret_id}`)).status).toBe(204);
  await callWhen(
    app,
    target,
    (call) => !verifies(call, old.secret, now()) && verifies(call, young.secret, now()),
  );
  expect((await app.send('DELETE', `${PATH}/${young.secret_id}`)).status).toBe(204);
  await callWhen(app, target, (call) => names(call).length === 0);
  const other = await app.enqueue({ url: target.url }, { client_id: 'another-client' });
  await app.taskIn('completed', other);
  expect(names(target.received.at(-1)!)).toEqual([]);
});

it('has bounds and conditions, and the audit log says who made which, but no secret', async () => {
  const { app } = await start({ MODE: 'api' });
  expect((await app.post('/admin/clients/nobody/signing-secrets', {})).status).toBe(404);
  expect(await app.send('DELETE', `${PATH}/0123456789ab`)).toMatchObject({
    status: 404,
    body: { code: 'signing_secret_not_found' },
  });
  const past = await app.post(PATH, { expires_at: '2020-01-01T00:00:00Z' });
  expect(past).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expires_at' }] } });
  const tag = (await app.get(PATH)).headers.get('etag')!;
  const made = await Promise.all(Array.from({ length: 5 }, () => make(app)));
  expect((await app.post(PATH, {}, { 'if-match': tag })).status).toBe(412);
  expect(await app.post(PATH, {})).toMatchObject({ status: 409, body: { code: 'too_many_signing_secrets' } });
  await app.send('DELETE', `${PATH}/${made[0]!.secret_id}`);
  expect((await app.post(PATH, {}, { 'cache-control': 'x' })).headers.get('cache-control')).toBe('no-store');
  const log = await app.get<{ entries: { action: string }[] }>(
    `/admin/audit?target=client:${CLIENT}&limit=50`,
  );
  const actions = log.body.entries.map(({ action }) => action);
  expect(actions.filter((action) => action === 'client.signing_secret_create')).toHaveLength(6);
  expect(actions).toContain('client.signing_secret_delete');
  const shown = JSON.stringify(log.body) + JSON.stringify((await app.get('/admin/clients')).body);
  expect(shown).toContain(made[1]!.secret_id);
  expect(shown).not.toContain('whsec_');
});

it('with TASK_ENCRYPTION_KEY no secret lies readable in Redis; without the key no call leaves unsigned', async () => {
  const key = randomBytes(32).toString('base64');
  const { app, target } = await start({ TASK_ENCRYPTION_KEY: key });
  const { secret, secret_id } = await make(app);
  await callWhen(app, target, (call) => verifies(call, secret, now()));
  const redis = new Redis(redisUrl());
  const stored = JSON.stringify([await redis.hgetall('{tr}:clients'), await redis.hgetall('{tr}:signing')]);
  await redis.quit();
  expect(stored).toContain(secret_id);
  expect(stored).not.toContain(secret.slice('whsec_'.length));
  await app.stop();
  const { app: without } = await start({}, true);
  const id = await without.enqueue({ url: target.url }, { client_id: CLIENT, max_retries: 0 });
  const before = target.received.length;
  const { attempts } = await without.taskIn('dead_letter', id);
  expect(attempts).toMatchObject([{ class: 'not_sent', error: { code: 'signing_failed' } }]);
  expect(attempts[0]!.error!.message).toContain('TASK_ENCRYPTION_KEY');
  expect(target.received).toHaveLength(before);
});

it('one whose time is over signs nothing any more', async () => {
  const { app, target } = await start();
  const lasting = await make(app);
  const short = await make(app, { expires_at: new Date(Date.now() + 2500).toISOString() });
  await callWhen(app, target, (call) => verifies(call, short.secret, now()));
  await callWhen(
    app,
    target,
    (call) => !verifies(call, short.secret, now()) && verifies(call, lasting.secret, now()),
  );
});
