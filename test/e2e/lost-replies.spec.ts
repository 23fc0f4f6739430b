import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuditList } from '../../src/admin/admin-audit.dto.js';
import type { CreatedKey, KeyList } from '../../src/admin/admin-keys.dto.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Proxy } from '../support/proxy.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, type Answer, TestApp } from '../support/test-app.js';

// Redis makes the change that somebody asked for, and the connection breaks before its reply arrives. The client sends
// the script once more over a new one: what is answered is what was done, and it was done once.

let app: TestApp;
let target: Receiver;
let proxy: Proxy;
beforeAll(async () => {
  proxy = await Proxy.to(redisUrl());
  [app, target] = await Promise.all([TestApp.start({ REDIS_URL: proxy.url }), Receiver.start()]);
});
afterEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
  await proxy.stop();
});

/** @param written what only the script has that makes the change */
async function losing<T>(written: string, ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const lost = proxy.loseReplyTo(written);
  const answer = await ask();
  await lost;
  return answer;
}

const admin = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: object,
  ifMatch?: string | null,
) => app.send<T>(method, `/admin/${path}`, body, ifMatch ? { 'if-match': ifMatch } : {});
const set = (client_id: string) => admin('POST', 'clients/set', { client_id });
const keysOf = async (id: string) => (await admin<KeyList>('GET', `clients/${id}/keys`)).body.keys;
const logged = async (target: string) => {
  const { body } = await admin<AuditList>('GET', `audit?target=${encodeURIComponent(target)}`);
  return body.entries.map(({ action }) => action);
};

describe('an admin whose change is sent again', () => {
  it('gets the key that was made, also when it is the last that there may be', async () => {
    await set('many-keys');
    for (let n = 1; n <= 10; n++) {
      const made = await losing('client.key_create', () =>
        admin<CreatedKey>('POST', 'clients/many-keys/keys'),
      );
      expect(made.status).toBe(201);
      const keys = await keysOf('many-keys');
      expect(keys).toHaveLength(n);
      expect(keys.at(-1)?.key_id).toBe(made.body.key_id);
    }
    expect((await admin('POST', 'clients/many-keys/keys')).status).toBe(409);
    expect(await logged('client:many-keys')).toEqual([
      ...Array<string>(10).fill('client.key_create'),
      'client.set',
    ]);
  });

  it('hears that a key is revoked and a client deleted', async () => {
    await set('short-lived');
    const { body } = await admin<CreatedKey>('POST', 'clients/short-lived/keys');
    const path = `clients/short-lived/keys/${body.key_id}`;
    expect((await losing('client.key_revoke', () => admin('DELETE', path))).status).toBe(204);
    expect((await losing('client.delete', () => admin('DELETE', 'clients/short-lived'))).status).toBe(204);
    expect((await admin('DELETE', 'clients/short-lived')).status).toBe(404);
    const actions = ['client.delete', 'client.key_revoke', 'client.key_create', 'client.set'];
    expect(await logged('client:short-lived')).toEqual(actions);
  });

  it.each([
    ['clients/set', 'POST', { client_id: 'matched', tier: 'free' }, { tier: 'basic' }, 'client.set'],
    [
      'tiers/matched',
      'PUT',
      { requests_per_minute: 2, max_concurrent: 2 },
      { max_concurrent: 1 },
      'tier.put',
    ],
    ['queues/matched', 'PUT', { lane: 'low' }, { lane: 'high' }, 'queue.put'],
  ])(
    'of %s with If-Match is not told that somebody was quicker',
    async (...[path, method, body, other, action]) => {
      const before = await admin(method, path, body);
      const after = { ...body, ...other };
      const etag = before.headers.get('etag');
      const changed = await losing(`"${action}"`, () => admin(method, path, after, etag));
      expect(changed).toMatchObject({ status: 200, body: after });
      expect(await logged(`${action.split('.')[0]}:matched`)).toEqual([action, action]);
    },
  );

  it('hears that a tier is deleted', async () => {
    await admin('PUT', 'tiers/short-lived', { requests_per_minute: 1, max_concurrent: 1 });
    expect((await losing('tier.delete', () => admin('DELETE', 'tiers/short-lived'))).status).toBe(204);
    expect(await logged('tier:short-lived')).toEqual(['tier.delete', 'tier.put']);
  });
});

describe('whoever changes a task', () => {
  const later = () => app.enqueue({ url: target.url }, { delay: 3600, max_retries: 0 });
  const ask = (method: string, path: string, body?: object) =>
    app.send<TaskView & { code?: string }>(method, `/v1/tasks/${path}`, body);
  // A script that Redis does not have yet is sent twice anyway: the second round is the one that counts.
  const ROUNDS = [1, 2];

  it.each(ROUNDS)('hears that it is cancelled (%i)', async () => {
    const id = await later();
    const cancelled = await losing(id, () => ask('DELETE', id));
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect(await ask('DELETE', id)).toMatchObject({ status: 409, body: { code: 'task_finished' } });
  });

  it.each(ROUNDS)('hears that it runs now, and that a dead one is retried (%i)', async () => {
    target.answer = (_request, response) => response.writeHead(500).end();
    const id = await later();
    expect((await losing(id, () => ask('POST', `${id}/run`))).status).toBe(200);
    await app.taskIn('dead_letter', id);
    expect((await losing(id, () => ask('POST', `${id}/retry`))).status).toBe(200);
    await target.gets(2);
    await app.taskIn('dead_letter', id);
    expect(target.received).toHaveLength(2);
  });

  it.each(ROUNDS)('has edited it, also when it begins right after (%i)', async (round) => {
    const id = await later();
    const metadata = { round: `round ${round}` };
    const edited = await losing(metadata.round, () => ask('PATCH', id, { delay: 0, metadata }));
    expect(edited.status).toBe(200);
    expect((await app.taskIn('completed', id)).metadata).toEqual(metadata);
    expect(target.received).toHaveLength(1);
  });
});
