import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../src/admin/admin-keys.dto.js';
import { Curl } from '../support/curl.js';
import { TestApp } from '../support/test-app.js';

// The commands that clients of this API have had in their scripts from before it was this program. They have to go on
// working as they are, but for the address of the server.
const PRINTED_URL = 'https://your-api-endpoint';
const ADMIN_KEY = 'your-admin-key';

const ENQUEUE = `curl -X POST https://your-api-endpoint/v1/enqueue \\
  -H "Content-Type: application/json" \\
  -d '{
    "client_id": "my-service",
    "queue": "default",
    "task": {
      "url": "https://api.example.com/webhook",
      "method": "POST",
      "headers": {"Content-Type": "application/json"},
      "body": "{\\"event\\": \\"user.created\\"}"
    }
  }'`;

const ENQUEUE_LATER = `curl -X POST https://your-api-endpoint/v1/enqueue \\
  -H "Content-Type: application/json" \\
  -d '{
    "client_id": "my-service",
    "delay": 60,
    "task": {
      "url": "https://api.example.com/reminder",
      "method": "POST"
    }
  }'`;

const LIST_CLIENTS = `# List clients
curl https://your-api-endpoint/admin/clients \\
  -H "X-Admin-Key: your-admin-key"`;

const SET_CLIENT = `# Create/update client
curl -X POST https://your-api-endpoint/admin/clients/set \\
  -H "X-Admin-Key: your-admin-key" \\
  -H "Content-Type: application/json" \\
  -d '{
    "client_id": "new-service",
    "tier": "premium",
    "enabled": true
  }'`;

/** The other place that has it says so above it. */
const SET_CLIENT_TOO = SET_CLIENT.replace('# Create/update client', '# Create or update a client');

type Body = Record<string, unknown>;

const curl = new Curl();
const settings = { MODE: 'api', ADMIN_API_KEY: ADMIN_KEY, UNKNOWN_CLIENT_TIER: 'free' };
let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(settings);
});
afterAll(async () => {
  await app.stop();
  curl.end();
});

const run = (command: string, at = app) => curl.run<Body>(command, [PRINTED_URL, at.url]);
const taskOf = async ({ task_id }: Body) => (await app.get(`/v1/tasks/${String(task_id)}`)).body;

describe('as it was printed, a command', () => {
  it('enqueues a task', async () => {
    const { status, body } = await run(ENQUEUE);
    expect(status).toBe(202);
    expect(Object.keys(body).slice(0, 4)).toEqual(['status', 'task_id', 'queue', 'client_id']);
    expect(body).toMatchObject({ status: 'enqueued', queue: 'default', client_id: 'my-service' });
    expect(await taskOf(body)).toMatchObject({
      client_id: 'my-service',
      state: 'pending',
      task: {
        url: 'https://api.example.com/webhook',
        method: 'POST',
        body: '{"event": "user.created"}',
      },
    });
  });

  it('enqueues a task for later, in the queue that it does not name', async () => {
    const { status, body } = await run(ENQUEUE_LATER);
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'enqueued', queue: 'default', client_id: 'my-service' });
    const task = await taskOf(body);
    expect(task['state']).toBe('scheduled');
    const waits = Date.parse(String(task['scheduled_at'])) - Date.parse(String(task['created_at']));
    expect(waits).toBe(60_000);
  });

  it('creates a client, and changes it', async () => {
    const created = await run(SET_CLIENT);
    expect(created).toMatchObject({
      status: 200,
      body: { client_id: 'new-service', tier: 'premium', enabled: true },
    });
    expect(created.body).toMatchObject({ requests_per_minute: 1000, max_concurrent: 20 });
    expect(await run(SET_CLIENT_TOO)).toMatchObject({ status: 200, body: { tier: 'premium' } });
    const changed = await run(SET_CLIENT.replace('premium', 'basic').replace('true', 'false'));
    expect(changed).toMatchObject({ status: 200, body: { tier: 'basic', enabled: false } });
  });

  it('lists the clients, those that have registered themselves included', async () => {
    const { status, body } = await run(LIST_CLIENTS);
    expect(status).toBe(200);
    expect(body['clients']).toMatchObject([
      { client_id: 'my-service', tier: 'free' },
      { client_id: 'new-service', tier: 'basic' },
    ]);
  });

  it('of an admin with another key is refused', async () => {
    for (const command of [LIST_CLIENTS, SET_CLIENT]) {
      const { status } = await run(command.replace('your-admin-key', 'another-key'));
      expect(status).toBe(401);
    }
  });
});

it('where keys are required, the commands that enqueue need one line more', async () => {
  const keyed = await TestApp.start({ ...settings, AUTH_MODE: 'key' }, true);
  expect(await run(ENQUEUE, keyed)).toMatchObject({ status: 401, body: { code: 'api_key_required' } });
  expect((await run(SET_CLIENT, keyed)).status).toBe(200);
  const path = '/admin/clients/my-service/keys';
  const { body } = await keyed.send<CreatedKey>('POST', path, {}, { 'x-admin-key': ADMIN_KEY });
  for (const header of [`Authorization: Bearer ${body.key}`, `X-API-Key: ${body.key}`])
    expect((await run(`${ENQUEUE} -H "${header}"`, keyed)).status).toBe(202);
  await keyed.stop();
});
