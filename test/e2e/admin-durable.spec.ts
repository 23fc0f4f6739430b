import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CreatedKey } from '../../src/admin/admin-keys.dto.js';
import { TestApp } from '../support/test-app.js';

// Redis has no replica here: what is answered as done only when one has it, cannot be.
let app: TestApp;
let key: CreatedKey;
beforeAll(async () => {
  const before = await TestApp.start({ MODE: 'api' });
  await before.send('POST', '/admin/clients/set', { client_id: 'there' });
  key = (await before.send<CreatedKey>('POST', '/admin/clients/there/keys')).body;
  await before.stop();
  app = await TestApp.start({ MODE: 'api', DURABILITY: 'replica' }, true);
});
afterAll(async () => {
  await app.stop();
});

it.each([
  ['POST', 'clients/set', { client_id: 'there', enabled: false }],
  ['POST', 'clients/there/keys', {}],
  ['PUT', 'clients/there/destinations', { deny: ['*'] }],
  ['DELETE', `clients/there/keys/{key}`, undefined],
  ['PUT', 'tiers/free', { requests_per_minute: 1, max_concurrent: 1 }],
  ['PUT', 'queues/new', { lane: 'low' }],
  ['DELETE', 'clients/there', undefined],
] as const)('%s %s is as durable as a task before it is answered', async (method, path, body) => {
  const answer = await app.send(method, `/admin/${path.replace('{key}', key.key_id)}`, body);
  expect(answer).toMatchObject({ status: 503, body: { code: 'not_durable' } });
});
