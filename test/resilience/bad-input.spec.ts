import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.js';
import { redisUrl, storedKeys, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const SECRET = 's3cret-of-the-caller';
const ADMIN_KEY = 's3cret-admin-key';
const MIB = 1024 * 1024;
const MOST_GROWTH = 150 * MIB;
const HALF_SENT = 50;

let api: Product;

beforeAll(async () => {
  // Empties the database of this file.
  await (await TestApp.start({ MODE: 'api' })).stop();
  api = await startProduct({
    MODE: 'api',
    REDIS_URL: redisUrl(),
    ADMIN_API_KEY: ADMIN_KEY,
    LOG_LEVEL: 'debug',
  });
});
afterAll(async () => {
  api.child.kill('SIGKILL');
  await api.ended;
});

const good = (): Record<string, unknown> => ({
  client_id: 'test-client',
  queue: 'default',
  delay: 5,
  task_id: 'mine',
  max_retries: 1,
  timeout: 10,
  metadata: { order: '1' },
  retry: { strategy: 'fixed', min_backoff: '1s', jitter: 0.1, permanent_statuses: [404] },
  task: { url: 'https://a.example/', method: 'POST', headers: { Authorization: SECRET }, body: SECRET },
});

/** No field takes any of these. */
const WRONG: Record<string, unknown> = {
  true: true,
  'a list in a list': [[]],
  'a huge number': 1e308,
  'a negative number': -1,
  'a negative fraction': -0.5,
  'text of a megabyte': 'a'.repeat(MIB - 2000),
  'control characters': '\u0000\u001b[2J\r\n',
  'half a surrogate': '\ud800',
  'an object with __proto__ in text': { ['__proto__ ']: 1 },
  'an object with a constructor': { constructor: { name: 'x' } },
  'deep nesting': JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown,
};

/** Every field, and those within. */
const FIELDS = [
  ...[
    'client_id',
    'queue',
    'delay',
    'task_id',
    'max_retries',
    'timeout',
    'metadata',
    'metadata.order',
    'retry',
  ],
  ...['retry.strategy', 'retry.min_backoff', 'retry.jitter', 'retry.permanent_statuses', 'task', 'task.url'],
  ...[
    'task.method',
    'task.headers',
    'task.headers.Authorization',
    'expires_at',
    'ttl',
    'scheduled_at',
    'unknown',
  ],
];
/** Without what a sender has used of its requests per second, and the mark of a look-up: gone within moments. */
async function lastingKeys(): Promise<string[]> {
  const keys = await storedKeys();
  return keys.filter((key) => !key.includes(':ingress:') && !key.endsWith(':asked')).toSorted();
}

/** A label is any text. */
const RIGHT = new Set(['metadata.order: control characters']);

function withField(path: string, value: unknown): Record<string, unknown> {
  const body = good();
  const [first = '', ...rest] = path.split('.');
  let at = body;
  let key = first;
  for (const next of rest) {
    at = at[key] as Record<string, unknown>;
    key = next;
  }
  at[key] = value;
  return body;
}

/** Bytes that are no request at all, made of one that is. */
function broken(): [string, string | Uint8Array][] {
  const text = JSON.stringify(good());
  const bytes = Buffer.from(text);
  const cut = Array.from({ length: 30 }, (_, n): [string, string] => {
    const at = Math.floor((text.length * n) / 30);
    return [`cut after ${at}`, text.slice(0, at)];
  });
  const flipped = Array.from({ length: 30 }, (_, n): [string, Uint8Array] => {
    const copy = Buffer.from(bytes);
    copy[Math.floor((bytes.length * n) / 30)] = 0xff;
    return [`with byte ${n} of 30 wrong`, copy];
  });
  const odd: [string, string][] = [
    ...[
      '',
      ' ',
      'null',
      '0',
      '"text"',
      '[]',
      '[[]]',
      '{',
      '}',
      '{}',
      'NaN',
      'undefined',
      "{'a':1}",
      '{"a":1,}',
      '\ufeff',
    ].map((body): [string, string] => [JSON.stringify(body), body]),
    ['__proto__', `{"__proto__":{"isAdmin":true},${text.slice(1)}`],
    ['constructor.prototype', `{"constructor":{"prototype":{"isAdmin":true}},${text.slice(1)}`],
    ['a megabyte of brackets', '['.repeat(MIB - 1)],
    ['a megabyte of objects', '{"a":'.repeat(200_000)],
    ['two documents', text + text],
    ['the same field 10,000 times', `{${'"client_id":"abc",'.repeat(10_000)}"client_id":1}`],
    ['more than is allowed', `"${'a'.repeat(2 * MIB)}"`],
    ['comments', `/* hi */ ${text}`],
    ['UTF-16', Buffer.from(text, 'utf16le').toString('latin1')],
  ];
  return [...cut, ...flipped, ...odd];
}

async function post(body: string | Uint8Array): Promise<{ status: number; text: string }> {
  const response = await fetch(`${api.url}/v1/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body as string,
  });
  return { status: response.status, text: await response.text() };
}

/** Resident memory of the API in bytes, as the kernel counts it. */
function memory(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Opens a connection that begins to say something and then goes on very slowly, or not at all. */
function halfSent(n: number): { closed: () => boolean; answer: () => string; socket: Socket } {
  const { hostname, port } = new URL(api.url);
  const beginnings = [
    'POST /v1/enqueue HTTP/1.1\r\nHost: x\r\nX-Slow: ',
    'POST /v1/enqueue HTTP/1.1\r\nHost: x\r\n',
    'PO',
    'GET /health HTTP/1.1\r\n',
  ];
  const socket = connect(Number(port), hostname, () => socket.write(beginnings[n % beginnings.length] ?? ''));
  let isClosed = false;
  let text = '';
  const timer = setInterval(() => socket.write('a'), n % 2 === 0 ? 500 : 60_000);
  socket.on('data', (data) => (text += data.toString()));
  socket
    .on('error', () => undefined)
    .on('close', () => {
      isClosed = true;
      clearInterval(timer);
    });
  return { closed: () => isClosed, answer: () => text, socket };
}

describe('whatever comes in', () => {
  it('is refused as the fault of its sender, in bounded memory, and tells nobody what it held', async () => {
    const cases = [
      ...FIELDS.flatMap((field) =>
        Object.entries(WRONG).map(([name, value]): [string, string] => [
          `${field}: ${name}`,
          JSON.stringify(withField(field, value)),
        ]),
      ),
      ...broken(),
    ].filter(([name]) => !RIGHT.has(name));
    expect(cases.length).toBeGreaterThanOrEqual(250);
    const keys = await lastingKeys();
    const before = memory();
    let most = before;
    const others: string[] = [];
    const counts = new Map<number, number>();
    for (const [name, body] of cases) {
      const { status, text } = await post(body);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      if (status < 400 || status >= 500) others.push(`${name}: ${status}`);
      if (text.includes(SECRET)) others.push(`${name}: tells the secret`);
      if (text.length > 10_000) others.push(`${name}: an answer of ${text.length}`);
      most = Math.max(most, memory());
    }
    expect(others).toEqual([]);
    expect(most - before).toBeLessThan(MOST_GROWTH);
    expect(await lastingKeys()).toEqual(keys);
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
    const told = [...counts].map(([status, count]) => `${status}: ${count}`).join(', ');
    process.stdout.write(
      `bad-input: ${cases.length} bodies, ${told}, 5xx 0, grew by ${Math.round((most - before) / MIB)} MiB\n`,
    );
  });

  it('is not in the log: neither what a task holds nor a key, right or wrong', async () => {
    const guess = 's3cret-guess';
    for (const key of [ADMIN_KEY, guess])
      await fetch(`${api.url}/admin/clients?token=${SECRET}`, { headers: { 'x-admin-key': key } });
    await fetch(`${api.url}/nowhere?key=${SECRET}`, {
      headers: { authorization: `Bearer ${SECRET}`, cookie: SECRET },
    });
    const { task_id: id, ...body } = good();
    expect(id).toBe('mine');
    expect((await post(JSON.stringify(body))).status).toBe(202);
    await until(() => ['/nowhere', '"status":202'].every((line) => api.output().includes(line)));
    for (const secret of [SECRET, ADMIN_KEY, guess]) expect(api.output()).not.toContain(secret);
  });

  it('may come slowly, but not for ever: half-sent requests are cut off, and others are served meanwhile', async () => {
    const slow = Array.from({ length: HALF_SENT }, (_, n) => halfSent(n));
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
    await until(() => slow.every(({ closed }) => closed()), { timeoutMs: 45_000, every: 100 });
    const answers = new Set(slow.map(({ answer }) => answer().slice(0, 12)));
    // 400: what begins `PO` and goes on with an `a` is no method.
    expect([...answers].toSorted()).toEqual(['HTTP/1.1 400', 'HTTP/1.1 408']);
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
  });
});
