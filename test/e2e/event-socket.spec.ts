import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { WorkerList } from '../../src/admin/admin-workers.dto.js';
import { startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = 'correct-horse-battery';
const asAdmin = { 'x-admin-key': ADMIN };

type Message = Record<string, unknown> & { readonly type: string };

/** A client that listens over a WebSocket. */
class Ear {
  readonly heard: Message[] = [];
  closed: { code: number; reason: string } | undefined;
  status: number | undefined;
  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString()) as Message));
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('unexpected-response', (_request, { statusCode }) => {
      this.status = statusCode;
      socket.terminate();
    });
    socket.on('error', () => undefined);
  }

  static at(url: string, query = '', headers: Record<string, string> = {}): Ear {
    const ear = new Ear(new WebSocket(`${url.replace('http', 'ws')}/ws${query}`, { headers }));
    ears.push(ear);
    return ear;
  }

  async open(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN);
    return this;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  async hears(type: string, count = 1): Promise<Message[]> {
    const found = () => this.heard.filter((message) => message.type === type);
    await until(() => found().length >= count, { timeoutMs: 10_000 });
    return found();
  }

  async isClosed(): Promise<{ code: number; reason: string }> {
    return until(() => this.closed, { timeoutMs: 15_000 });
  }

  async isRefused(): Promise<number> {
    return until(() => this.status);
  }
}

let target: Receiver;
const apps: TestApp[] = [];
const ears: Ear[] = [];

beforeEach(async () => {
  target = await Receiver.start();
});
afterEach(async () => {
  for (const ear of ears.splice(0)) ear.socket.terminate();
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await target.stop();
});

async function start(environment: Record<string, string> = {}): Promise<TestApp> {
  const app = await TestApp.start(environment, apps.length > 0);
  apps.push(app);
  return app;
}

async function keyOf(app: TestApp, client: string): Promise<string> {
  await app.send('POST', '/admin/clients/set', { client_id: client, tier: 'enterprise' }, asAdmin);
  const made = await app.send<{ key: string }>('POST', `/admin/clients/${client}/keys`, {}, asAdmin);
  return made.body.key;
}

describe('a WebSocket', () => {
  it('tells what happens at once where everybody may know', async () => {
    const app = await start();
    const ear = await Ear.at(app.url, '?token=').open();
    await ear.hears('ready');
    const id = await app.enqueue({ url: target.url });
    const [completed] = await ear.hears('task.completed');
    expect(completed).toMatchObject({ task_id: id, client_id: 'test-client', status: 200 });
    expect(completed!['id']).toMatch(/^\d+-\d+$/);
    ear.say({ type: 'ping' });
    await ear.hears('pong');
  });

  it('answers pings as long as the answers are read, and piles up none', async () => {
    const app = await start();
    const ear = await Ear.at(app.url).open();
    await ear.hears('ready');
    let answers = 0;
    ear.socket.on('pong', () => answers++);
    const PINGS = 300_000;
    const payload = Buffer.alloc(125);
    ear.socket.pause();
    for (let sent = 0; sent < PINGS; sent++) {
      ear.socket.ping(payload);
      if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => ear.socket.bufferedAmount === 0, { timeoutMs: 20_000 });
    ear.socket.resume();
    ear.say({ type: 'ping' });
    await until(() => answers > 0);
    await until(async () => {
      ear.say({ type: 'ping' });
      await new Promise((resolve) => setImmediate(resolve));
      return ear.heard.some(({ type }) => type === 'pong');
    });
    expect(answers).toBeLessThan(PINGS / 2);
  });

  it('subscribes anew, and from an event on', async () => {
    const app = await start();
    const ear = await Ear.at(app.url, '?kinds=task.submitted').open();
    await ear.hears('ready');
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push(await app.enqueue({ url: target.url }, { delay: 600 }));
    const [first] = await ear.hears('task.submitted', 3);
    ear.say({ type: 'subscribe', kinds: ['task.submitted'], last_event_id: first!['id'] });
    const again = await ear.hears('task.submitted', 5);
    expect(again.slice(3).map((message) => message['task_id'])).toEqual(ids.slice(1));
    ear.say({ type: 'subscribe', kinds: ['worker.*'] });
    await ear.hears('ready', 3);
    await app.enqueue({ url: target.url }, { delay: 600 });
    await app.send('POST', `/admin/workers/${(await workers(app))[0]!}/pause`);
    await ear.hears('worker.paused');
    expect(ear.heard.filter(({ type }) => type === 'task.submitted')).toHaveLength(5);
  });

  it('tells the clients of Task Queue Go in their words, and ours in ours', async () => {
    const app = await start();
    const [theirs, queried] = [await Ear.at(app.url).open(), await Ear.at(app.url, '?kinds=task.*').open()];
    const spoken = await Ear.at(app.url).open();
    spoken.say({ type: 'subscribe' });
    await Promise.all([theirs.hears('ready'), queried.hears('ready'), spoken.hears('ready', 2)]);
    const id = await app.enqueue({ url: target.url });
    const [event] = await theirs.hears('task.completed');
    expect(event).toMatchObject({ task_id: id, data: { task_id: id, status: 200, queue: 'default' } });
    expect(event!['timestamp']).toBe(event!['time']);
    expect(Object.keys(event!['data'] as object)).not.toContain('time');
    for (const ear of [queried, spoken]) {
      const [ours] = await ear.hears('task.completed');
      expect(ours).toMatchObject({ task_id: id });
      expect(ours).not.toHaveProperty('data');
    }
    const [depth] = await theirs.hears('queue.depth');
    expect(depth!['data']).toMatchObject({ depths: { critical: 0, high: 0, normal: 0, low: 0 } });
  });

  it('takes the choices of the clients of Task Queue Go', async () => {
    const app = await start();
    const ear = await Ear.at(app.url).open();
    await ear.hears('ready');
    ear.say({ action: 'subscribe', events: ['task.submitted', 'task.completed'] });
    await ear.hears('ready', 2);
    await app.taskIn('completed', await app.enqueue({ url: target.url }));
    await ear.hears('task.completed');
    ear.say({ action: 'unsubscribe', events: ['task.submitted'] });
    await ear.hears('ready', 3);
    await app.taskIn('completed', await app.enqueue({ url: target.url }));
    await ear.hears('task.completed', 2);
    const kinds = ear.heard.map(({ type }) => type).filter((type) => type !== 'ready');
    expect(kinds).toEqual(['task.submitted', 'task.completed', 'task.completed']);
    ear.say({ action: 'sing' });
    expect(await ear.isClosed()).toEqual({ code: 4000, reason: 'malformed_message' });
  });

  it('waits for the key in the first message, and tells a client of its own tasks only', async () => {
    const app = await start({ MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN });
    const [one, other] = [await keyOf(app, 'client-1'), await keyOf(app, 'client-2')];
    const client = await Ear.at(app.url).open();
    const admin = await Ear.at(app.url).open();
    client.say({ type: 'auth', token: one });
    admin.say({ type: 'auth', token: ADMIN });
    await Promise.all([client.hears('ready'), admin.hears('ready')]);
    const task = { task: { url: 'http://example.com/' }, delay: 60 };
    await app.post('/v1/enqueue', task, { 'x-api-key': other });
    await app.post('/v1/enqueue', task, { 'x-api-key': one });
    await admin.hears('task.submitted', 2);
    const own = await client.hears('task.submitted');
    expect(own.map((message) => message['client_id'])).toEqual(['client-1']);
  });

  it('opens with a key in a header, in ?token=, or with a ticket, once', async () => {
    const app = await start({ MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN });
    const key = await keyOf(app, 'client-1');
    const { ticket } = (await app.post<{ ticket: string }>('/v1/events/ticket', {}, { 'x-api-key': key }))
      .body;
    const opened = [
      Ear.at(app.url, '', { authorization: `Bearer ${key}` }),
      Ear.at(app.url, '', asAdmin),
      Ear.at(app.url, `?token=${key}`),
      Ear.at(app.url, `?token=${ADMIN}`),
      Ear.at(app.url, `?ticket=${ticket}`),
    ];
    for (const ear of opened) await ear.hears('ready');
    expect(await Ear.at(app.url, `?ticket=${ticket}`).isRefused()).toBe(401);
    expect(await Ear.at(app.url, '?token=guessed').isRefused()).toBe(401);
    expect(await Ear.at(app.url, '', { 'x-api-key': `${key}x` }).isRefused()).toBe(401);
  });

  it('refuses a wrong key where none is asked for, too, wherever it comes', async () => {
    const app = await start({ MODE: 'api' });
    expect(await Ear.at(app.url, '?token=bad').isRefused()).toBe(401);
    expect(await Ear.at(app.url, `?token=tr_live_${'x'.repeat(49)}`).isRefused()).toBe(401);
    for (const name of ['x-api-key', 'x-admin-key'])
      expect(await Ear.at(app.url, '', { [name]: 'bad' }).isRefused(), name).toBe(401);
    const ear = await Ear.at(app.url).open();
    await ear.hears('ready');
    ear.say({ type: 'auth', token: 'bad' });
    expect(await ear.isClosed()).toEqual({ code: 4001, reason: 'not_authenticated' });
  });

  it('refuses a wrong key beside a right one', async () => {
    const app = await start({ MODE: 'api', ADMIN_API_KEY: ADMIN });
    const key = await keyOf(app, 'client-1');
    expect(await Ear.at(app.url, `?token=${key}`, { 'x-admin-key': 'bad' }).isRefused()).toBe(401);
    expect(await Ear.at(app.url, `?token=${key}`, { 'x-api-key': 'bad' }).isRefused()).toBe(401);
  });

  it('is closed with a word for it when the key is wrong, or the message is none', async () => {
    const app = await start({ MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN });
    const messages = [
      { say: '{"type":"auth","token":"guessed"}', code: 4001, reason: 'not_authenticated' },
      { say: '{"type":"subscribe"}', code: 4001, reason: 'not_authenticated' },
      { say: '{"type":"sing"}', code: 4000, reason: 'malformed_message' },
      { say: 'hello', code: 4000, reason: 'malformed_message' },
      { say: 'x'.repeat(20_000), code: 1009, reason: '' },
    ];
    for (const { say, code, reason } of messages) {
      const ear = await Ear.at(app.url).open();
      ear.socket.send(say);
      expect(await ear.isClosed()).toEqual({ code, reason });
    }
  });

  it('is closed when its key is revoked, or its client disabled', async () => {
    const app = await start({ MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN });
    const key = await keyOf(app, 'client-1');
    const ear = await Ear.at(app.url, '', { 'x-api-key': key }).open();
    await ear.hears('ready');
    await app.send('POST', '/admin/clients/set', { client_id: 'client-1', enabled: false }, asAdmin);
    expect(await ear.isClosed()).toEqual({ code: 4003, reason: 'not_allowed' });
  });

  it('is closed with 1001 when the process is stopped', async () => {
    const app = await start({ MODE: 'api' });
    const ear = await Ear.at(app.url).open();
    await ear.hears('ready');
    apps.pop();
    expect(await app.stop()).toBe(true);
    expect(await ear.isClosed()).toEqual({ code: 1001, reason: 'shutting_down' });
  });

  it('is for pages of this origin and of those that are allowed', async () => {
    const app = await start({ MODE: 'api', ALLOWED_ORIGINS: 'https://ops.example.com' });
    await Ear.at(app.url, '', { origin: app.url }).open();
    await Ear.at(app.url, '', { origin: 'https://ops.example.com' }).open();
    expect(await Ear.at(app.url, '', { origin: 'https://evil.example.com' }).isRefused()).toBe(403);
  });

  it('of a client leaves places to others', async () => {
    const app = await start({ MODE: 'api', EVENTS_MAX_LISTENERS: '2', ADMIN_API_KEY: ADMIN });
    const key = await keyOf(app, 'client-1');
    const first = await Ear.at(app.url, `?token=${key}`).open();
    await first.hears('ready');
    expect(await Ear.at(app.url, `?token=${key}`).isRefused()).toBe(503);
    const second = await Ear.at(app.url).open();
    second.say({ type: 'auth', token: key });
    expect(await second.isClosed()).toEqual({ code: 1013, reason: 'unavailable' });
    await (await Ear.at(app.url, '', asAdmin).open()).hears('ready');
  });

  it('is one of so many at most, and only where it is asked for as one', async () => {
    const app = await start({ MODE: 'api', EVENTS_MAX_LISTENERS: '2', ADMIN_API_KEY: ADMIN });
    await Ear.at(app.url).open();
    await Ear.at(app.url).open();
    expect(await Ear.at(app.url).isRefused()).toBe(503);
    expect(await app.get('/ws')).toMatchObject({ status: 426, body: { code: 'upgrade_required' } });
  });
});

async function workers(app: TestApp): Promise<string[]> {
  return (await app.get<WorkerList>('/admin/workers')).body.workers.map(({ worker_id }) => worker_id);
}

/** What comes back over one connection for these bytes. */
async function exchange(url: string, bytes: string, ends: (text: string) => boolean): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (piece) => (text += piece.toString()));
  socket.write(bytes);
  await until(() => ends(text));
  socket.destroy();
  return text;
}

it('requests that offer another protocol are answered as if they had not, with what comes behind them', async () => {
  const app = await start({ MODE: 'api' });
  const offer =
    'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
  const body = JSON.stringify({ client_id: 'offers', delay: 60, task: { url: 'http://example.com/' } });
  const post = `POST /v1/enqueue HTTP/1.1\r\n${offer}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const get = `GET /health/live HTTP/1.1\r\n${offer}\r\n`;
  const text = await exchange(app.url, post + get, (all) => all.includes('"alive"'));
  expect(text).toMatch(/^HTTP\/1.1 202 .*"status":"enqueued".*HTTP\/1.1 200 .*"alive"/s);
});

it('no key and no ticket is in the log', async () => {
  const product = await startProduct({ MODE: 'api', REDIS_URL: redisUrl(), LOG_LEVEL: 'debug' });
  try {
    expect(await Ear.at(product.url, '?token=s3cret-token').isRefused()).toBe(401);
    const ear = await Ear.at(product.url).open();
    await ear.hears('ready');
    await fetch(`${product.url}/v1/events?ticket=s3cret-ticket`);
    await fetch(`${product.url}/ws?token=s3cret-too`);
    ear.say({ type: 'auth', token: 's3cret-message' });
    await ear.isClosed();
    await until(() => product.output().includes('"path":"/ws","route":"/ws","status":426'));
    expect(product.output()).not.toContain('s3cret');
  } finally {
    product.child.kill('SIGKILL');
    await product.ended;
  }
});
