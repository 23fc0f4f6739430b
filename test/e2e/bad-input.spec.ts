import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { storedKeys, TestApp } from '../support/test-app.js';

let app: TestApp;
let before: string[];

beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api' });
  before = await storedKeys();
});
afterAll(async () => {
  await app.stop();
});

const good = { client_id: 'test-client', task: { url: 'https://api.example.com/hook' } };
const withTask = (fields: object) => ({ ...good, task: { ...good.task, ...fields } });
const withRetry = (retry: unknown) => ({ ...good, retry });
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const nested = (levels: number): unknown[] => (levels === 1 ? [] : [nested(levels - 1)]);
const far = new Date(Date.now() + 367 * 86_400_000).toISOString();

/** What is wrong, the body, and where the answer must point. */
const faults: [string, unknown, string][] = [
  ['an empty object', {}, '/task'],
  ['a list', [], ''],
  ['a number', 1, ''],
  ['null', null, ''],
  ['no client', { task: good.task }, '/client_id'],
  ['a short client', { ...good, client_id: 'ab' }, '/client_id'],
  ['a long client', { ...good, client_id: 'a'.repeat(65) }, '/client_id'],
  ['a client with a colon', { ...good, client_id: 'a:b:c' }, '/client_id'],
  ['a client with a line break at its end', { ...good, client_id: 'abc\n' }, '/client_id'],
  ['a client that is a number', { ...good, client_id: 12345 }, '/client_id'],
  ['a client that is a list', { ...good, client_id: ['abc'] }, '/client_id'],
  ['no task', { client_id: 'abc' }, '/task'],
  ['a task that is text', { ...good, task: 'x' }, '/task'],
  ['a task that is a list', { ...good, task: [good.task] }, '/task'],
  ['a task that is null', { ...good, task: null }, '/task'],
  ['an unknown field', { ...good, priority: 1 }, '/priority'],
  ['an unknown field of the task', withTask({ uri: 'x' }), '/task/uri'],
  ['a field named constructor', { ...good, constructor: 'x' }, '/constructor'],
  ['a field of the task named constructor', withTask({ constructor: 'x' }), '/task/constructor'],
  ['a field named toString', { ...good, toString: 'x' }, '/toString'],
  ['no url', { ...good, task: {} }, '/task/url'],
  ['a relative url', withTask({ url: '/hook' }), '/task/url'],
  ['another scheme', withTask({ url: 'ftp://a.example/' }), '/task/url'],
  ['credentials', withTask({ url: 'https://me:pw@a.example/' }), '/task/url'],
  ['a line break in the url', withTask({ url: 'https://a.example/\r\nX: y' }), '/task/url'],
  ['a url over 8 kB', withTask({ url: `https://a.example/${'a'.repeat(8192)}` }), '/task/url'],
  ['a private address', withTask({ url: 'http://10.1.2.3/' }), '/task/url'],
  ['cloud metadata', withTask({ url: 'http://169.254.169.254/latest' }), '/task/url'],
  ['a lower-case method', withTask({ method: 'post' }), '/task/method'],
  ['TRACE', withTask({ method: 'TRACE' }), '/task/method'],
  ['headers that are a list', withTask({ headers: [['a', 'b']] }), '/task/headers'],
  ['a header that is a number', withTask({ headers: { 'X-A': 1 } }), '/task/headers'],
  ['a header with CRLF', withTask({ headers: { 'X-A': 'a\r\nX-B: c' } }), '/task/headers/X-A'],
  ['a header that is no token', withTask({ headers: { 'a/b c': 'x' } }), '/task/headers/a~1b c'],
  ['Host', withTask({ headers: { HOST: 'x' } }), '/task/headers/HOST'],
  ['X-Task-Id', withTask({ headers: { 'X-Task-Id': 'x' } }), '/task/headers/X-Task-Id'],
  [
    'Transfer-Encoding',
    withTask({ headers: { 'Transfer-Encoding': 'chunked' } }),
    '/task/headers/Transfer-Encoding',
  ],
  [
    '101 headers',
    withTask({ headers: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, ''])) }),
    '/task/headers',
  ],
  ['headers over 16 kB', withTask({ headers: { 'X-A': 'a'.repeat(16_384) } }), '/task/headers/X-A'],
  ['a body that is an object', withTask({ body: { a: 1 } }), '/task/body'],
  ['half a surrogate pair', withTask({ body: '\ud800' }), '/task/body'],
  ['a label with half a surrogate pair', { ...good, metadata: { a: 'x\udc00' } }, '/metadata'],
  ['a key of a label with half a surrogate pair', { ...good, metadata: { '\ud800x': '' } }, '/metadata'],
  ['body and json', withTask({ body: 'x', json: 1 }), '/task'],
  ['body and base64', withTask({ body: '', body_base64: '' }), '/task'],
  ['broken base64', withTask({ body_base64: 'abc' }), '/task/body_base64'],
  ['base64 with bits left over', withTask({ body_base64: 'eB==' }), '/task/body_base64'],
  ['longer base64 with bits left over', withTask({ body_base64: 'AAAAeHl=' }), '/task/body_base64'],
  ['base64 of the URL kind', withTask({ body_base64: '-_-_' }), '/task/body_base64'],
  ['an unknown queue', { ...good, queue: 'urgent' }, '/queue'],
  ['the queue __proto__', { ...good, queue: '__proto__' }, '/queue'],
  ['the queue constructor', { ...good, queue: 'constructor' }, '/queue'],
  ['a negative delay', { ...good, delay: -1 }, '/delay'],
  ['a delay that is true', { ...good, delay: true }, '/delay'],
  ['a delay in weeks', { ...good, delay: '1w' }, '/delay'],
  ['a delay over the horizon', { ...good, delay: 367 * 86_400 }, '/delay'],
  ['a huge delay', { ...good, delay: 1e300 }, '/delay'],
  ['a time without a zone', { ...good, scheduled_at: '2026-01-01T00:00:00' }, '/scheduled_at'],
  ['30 February', { ...good, scheduled_at: '2027-02-30T00:00:00Z' }, '/scheduled_at'],
  ['a time over the horizon', { ...good, scheduled_at: far }, '/scheduled_at'],
  ['a task_id with a dot', { ...good, task_id: 'a.b' }, '/task_id'],
  ['an empty task_id', { ...good, task_id: '' }, '/task_id'],
  ['a long task_id', { ...good, task_id: 'a'.repeat(129) }, '/task_id'],
  ['negative retries', { ...good, max_retries: -1 }, '/max_retries'],
  ['half a retry', { ...good, max_retries: 1.5 }, '/max_retries'],
  ['retries as text', { ...good, max_retries: '3' }, '/max_retries'],
  ['a timeout of 0', { ...good, timeout: 0 }, '/timeout'],
  ['a timeout over the cap', { ...good, timeout: '25h' }, '/timeout'],
  ['a retry that is text', withRetry('fixed'), '/retry'],
  ['a retry that is a list', withRetry([]), '/retry'],
  ['an unknown field of the retry', withRetry({ max_retries: 1 }), '/retry/max_retries'],
  ['a field of the retry named constructor', withRetry({ constructor: 'x' }), '/retry/constructor'],
  ['an unknown strategy', withRetry({ strategy: 'asynq' }), '/retry/strategy'],
  ['the strategy constructor', withRetry({ strategy: 'constructor' }), '/retry/strategy'],
  ['a negative backoff', withRetry({ min_backoff: -1 }), '/retry/min_backoff'],
  ['a backoff in days', withRetry({ max_backoff: '1d' }), '/retry/max_backoff'],
  ['a backoff that is a list', withRetry({ max_backoff: [1] }), '/retry/max_backoff'],
  ['a backoff over 30 days', withRetry({ max_backoff: '721h' }), '/retry/max_backoff'],
  ['a huge backoff', withRetry({ min_backoff: 1e300 }), '/retry/min_backoff'],
  ['min over max', withRetry({ min_backoff: '2s', max_backoff: 1.999 }), '/retry/min_backoff'],
  ['a list without delays', withRetry({ strategy: 'list' }), '/retry/delays'],
  [
    'a list with a wait besides',
    withRetry({ strategy: 'list', delays: [1], min_backoff: 1 }),
    '/retry/min_backoff',
  ],
  ['a list whose delays are null', withRetry({ strategy: 'list', delays: null }), '/retry/delays'],
  ['an empty list of delays', withRetry({ strategy: 'list', delays: [] }), '/retry/delays'],
  ['101 delays', withRetry({ strategy: 'list', delays: Array(101).fill(1) }), '/retry/delays'],
  ['delays that are no list', withRetry({ strategy: 'list', delays: { 0: 1 } }), '/retry/delays'],
  ['delays without the strategy', withRetry({ delays: [1] }), '/retry/delays'],
  ['delays of another strategy', withRetry({ strategy: 'fixed', delays: [1] }), '/retry/delays'],
  ['a delay that is null', withRetry({ strategy: 'list', delays: [1, null] }), '/retry/delays/1'],
  ['a delay below 0', withRetry({ strategy: 'list', delays: ['1s', 0, -1] }), '/retry/delays/2'],
  ['a jitter over 1', withRetry({ jitter: 1.01 }), '/retry/jitter'],
  ['a jitter that is text', withRetry({ jitter: '0.1' }), '/retry/jitter'],
  ['statuses that are no list', withRetry({ permanent_statuses: 404 }), '/retry/permanent_statuses'],
  ['101 statuses', withRetry({ permanent_statuses: Array(101).fill(404) }), '/retry/permanent_statuses'],
  ...[200, 299, 99, 600, 404.5, '404', null, [404]].map((status): [string, unknown, string] => [
    `the permanent status ${JSON.stringify(status)}`,
    withRetry({ permanent_statuses: [404, status] }),
    '/retry/permanent_statuses/1',
  ]),
  ['a max age of 0', withRetry({ max_age: 0 }), '/retry/max_age'],
  ['a huge max age', withRetry({ max_age: 1e300 }), '/retry/max_age'],
  ['a max age that is true', withRetry({ max_age: true }), '/retry/max_age'],
  ['an expiry without a zone', { ...good, expires_at: '2030-01-01T00:00:00' }, '/expires_at'],
  ['an expiry that is a number', { ...good, expires_at: 1_900_000_000 }, '/expires_at'],
  ['an expiry in the past', { ...good, expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
  [
    'an expiry in the past, and a ttl',
    { ...good, expires_at: '2020-01-01T00:00:00Z', ttl: 1 },
    '/expires_at',
  ],
  ['an expiry before it is due', { ...good, delay: '2h', expires_at: soon(3_600_000) }, '/expires_at'],
  ['a ttl of 0', { ...good, ttl: 0 }, '/ttl'],
  ['a ttl in weeks', { ...good, ttl: '1w' }, '/ttl'],
  ['a huge ttl', { ...good, ttl: 1e300 }, '/ttl'],
  ['a ttl that ends before it is due', { ...good, delay: 60, ttl: 59 }, '/ttl'],
  ['a ttl that ends when it is due', { ...good, delay: 60, ttl: 60 }, '/ttl'],
  [
    'a ttl before it is due and an expiry after',
    { ...good, delay: 60, ttl: 59, expires_at: soon(3_600_000) },
    '/ttl',
  ],
  [
    '17 labels',
    { ...good, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, ''])) },
    '/metadata',
  ],
  ['a label over 64 bytes', { ...good, metadata: { ['é'.repeat(33)]: '' } }, '/metadata'],
  ['a label value over 256 bytes', { ...good, metadata: { k: 'é'.repeat(129) } }, '/metadata'],
  ['a label that is a number', { ...good, metadata: { k: 1 } }, '/metadata'],
];

describe('bad input', () => {
  it.each(faults)('%s is 400 and names the field', async (_what, body, pointer) => {
    const answer = await app.post<Problem>('/v1/enqueue', JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid_request', title: 'Bad Request' });
    expect(answer.body.errors?.map((error) => error.pointer)).toContain(pointer);
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  });

  it('a JSON number that would lose digits is 400 and names the number', async () => {
    const body =
      '{"client_id":"abc","task":{"url":"https://a.example/","json":{"id":[12345678901234567890]}}}';
    const answer = await app.post<Problem>('/v1/enqueue', body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/task/json/id/0' }] } });
  });

  it('names every fault at once', async () => {
    const body = { ...withTask({ url: 'x', body: '\ud800' }), queue: 'x', delay: -1, timeout: 0 };
    const answer = await app.post<Problem>('/v1/enqueue', body);
    expect(answer.body.errors).toHaveLength(5);
    expect(answer.body.detail).toMatch(/and 4 more/);
  });

  it('does not answer with more faults than anybody reads', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, 1]));
    const answer = await app.post<Problem>('/v1/enqueue', { ...good, ...unknown });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toHaveLength(50);
    expect(answer.body.detail).toMatch(/and 49999 more, the first 50 are in errors/);
    expect(JSON.stringify(answer.body).length).toBeLessThan(10_000);
  });

  it.each([
    [withTask({ url: 1 }), 'must be a string'],
    [{ ...good, queue: 1 }, 'must be a string'],
    [{ ...good, scheduled_at: 1 }, 'must be a string'],
    [{ ...good, client_id: 1 }, 'must be a string'],
    [{ ...good, max_retries: 'x' }, 'must be an integer number'],
    [{ ...good, max_retries: -1 }, 'must not be less than 0'],
    [{ ...good, task: 'x' }, 'must be an object'],
    [{ ...good, metadata: 'x' }, 'must be an object of strings'],
    [withTask({ url: '' }), 'must be longer than or equal to 1 characters'],
    [{ client_id: 'abc' }, 'is required, unless there is a type'],
  ])('%j: the type comes before everything else', async (body, detail) => {
    const answer = await app.post<Problem>('/v1/enqueue', body);
    expect(answer.body.errors?.map((error) => error.detail)).toEqual([detail]);
  });

  const raw: [string, string | Uint8Array, Record<string, string>, string][] = [
    ['no JSON', '{"client_id":', {}, '400 invalid_json'],
    ['nothing', '', {}, '400 invalid_request'],
    ['__proto__', '{"__proto__":{"a":1},"client_id":"abc"}', {}, '400 invalid_json'],
    ['constructor.prototype', '{"constructor":{"prototype":{"a":1}}}', {}, '400 invalid_json'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65), {}, '400 invalid_json'],
    ['a million brackets', '['.repeat(1_000_000), {}, '400 invalid_json'],
    ['no UTF-8', Buffer.from('{"client_id":"ab\xff"}', 'latin1'), {}, '400 invalid_json'],
    ['more than 1 MiB', `{"client_id":"${'a'.repeat(1024 * 1024)}"}`, {}, '413 payload_too_large'],
    ['text', JSON.stringify(good), { 'content-type': 'text/plain' }, '415 unsupported_media_type'],
    ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, '415 unsupported_media_type'],
    ...['utf-16', 'latin1', '"iso-8859-1"', 'utf-8; charset=utf-16'].map(
      (charset): [string, string, Record<string, string>, string] => [
        `charset=${charset}`,
        JSON.stringify(good),
        { 'content-type': `application/json; charset=${charset}` },
        '415 unsupported_charset',
      ],
    ),
    ['gzip', JSON.stringify(good), { 'content-encoding': 'gzip' }, '415 unsupported_content_encoding'],
  ];

  it.each(raw)('%s is refused before it is read', async (_what, body, headers, expected) => {
    const answer = await app.post<Problem>('/v1/enqueue', body, headers);
    expect(`${answer.status} ${answer.body.code}`).toBe(expected);
  });

  it.each([
    ['{"__proto__":{"a":1},"client_id":"abc"}', /a key "__proto__" is not accepted/],
    ['{"client_id":', /it cannot be parsed/],
    ['', /^\/client_id is required/],
    ['\ufeff', /^\/client_id is required/],
    ['\ufeff{"__proto__":{"a":1},"client_id":"abc"}', /a key "__proto__" is not accepted/],
  ])('%s is told why', async (body, reason) => {
    expect((await app.post<Problem>('/v1/enqueue', body)).body.detail).toMatch(reason);
  });

  it.each([
    ['broken percent-encoding', '/v1/tasks/%zz', '400 malformed_url'],
    ['an id of 3000 characters', `/v1/tasks/${'a'.repeat(3000)}`, '414 uri_too_long'],
    ['a way up', '/v1/%2e%2e/admin', '404 not_found'],
    ['an unknown route', '/nowhere?token=s3cret', '404 not_found'],
  ])('%s in the address gets a problem that does not repeat it', async (_what, path, expected) => {
    const answer = await app.get<Problem>(path);
    expect(`${answer.status} ${answer.body.code}`).toBe(expected);
    expectProblem(answer.body, Object.fromEntries(answer.headers));
    expect(answer.body.detail).not.toMatch(/zz|aaa|nowhere|s3cret/);
  });

  it.each([
    ['no HTTP', 'NONSENSE\r\n\r\n', '400 malformed_request'],
    ['no Host', 'GET /version HTTP/1.1\r\n\r\n', '400 malformed_request'],
    [
      'a negative length',
      'POST /v1/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      '400 malformed_request',
    ],
    [
      '20 kB of headers',
      `GET /version HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
      '431 headers_too_large',
    ],
  ])('%s gets a problem, too', async (_what, request, expected) => {
    const { status, headers, problem } = await rawAnswer(request);
    expect(`${status} ${problem.code}`).toBe(expected);
    expectProblem(problem, headers);
  });

  it('answers an unknown task and an unknown route with 404', async () => {
    expect(await app.get('/v1/tasks/no-such-task')).toMatchObject({
      status: 404,
      body: { code: 'task_not_found' },
    });
    expect(await app.get('/v1/tasks/__proto__')).toMatchObject({ status: 404 });
    expect(await app.get('/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it.each([
    ['GET', '/v1/enqueue', 'POST'],
    ['GET', '/v1/enqueue?a=1', 'POST'],
    ['PUT', '/v1/tasks/some-id', 'GET, HEAD, PATCH, DELETE'],
    ['OPTIONS', '/version', 'GET, HEAD'],
  ])('%s %s is 405 and says what is possible', async (method, path, allowed) => {
    const answer = await fetch(app.url + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  it.each(['/nowhere', '/v1', '/v1/tasks/%zz', '/v1/tasks/a/b'])(
    'no method makes %s anything but unknown',
    async (path) => {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        expect((await fetch(app.url + path, { method })).status).toBeOneOf([400, 404]);
      }
    },
  );

  it('stores nothing', async () => {
    // What a sender has used of its requests per second is gone within moments.
    const stored = (await storedKeys()).filter((key) => !key.includes(':ingress:'));
    expect(stored.toSorted()).toEqual(before.toSorted());
  });
});

describe('input that is odd but good', () => {
  it.each([
    [
      'null for what is optional',
      { ...good, queue: null, delay: null, task_id: null, max_retries: null, metadata: null, retry: null },
    ],
    ['a header of 10 kB', withTask({ headers: { 'X-A': 'a'.repeat(10_000) } })],
    ['a header named constructor', withTask({ headers: { constructor: 'x', toString: 'y' } })],
    ['a label named __proto__-ish', { ...good, metadata: { constructor: 'x', hasOwnProperty: 'y' } }],
    ['JSON with a key named constructor', withTask({ json: { constructor: 'Ferrari', toString: 1 } })],
    ['64 levels', withTask({ json: nested(62) })],
    ['the alias normal', { ...good, queue: 'normal' }],
    [
      'null for what is optional in a retry',
      withRetry({
        strategy: null,
        min_backoff: null,
        max_backoff: null,
        delays: null,
        jitter: null,
        permanent_statuses: null,
        max_age: null,
      }),
    ],
    ['a retry with nothing in it', withRetry({})],
    ['null for an expiry', { ...good, expires_at: null, ttl: null }],
    ['every limit of a retry', withRetry({ strategy: 'list', delays: Array(100).fill('720h'), jitter: 1 })],
  ])('%s is 202', async (_what, body) => {
    const answer = await app.post('/v1/enqueue', body, { 'content-type': 'application/json; charset=utf-8' });
    expect(answer).toMatchObject({ status: 202, body: { queue: 'default', status: 'enqueued' } });
  });

  it.each(['utf-8', 'UTF-8', '"utf-8"', 'utf8'])('the charset %s is 202', async (charset) => {
    const type = { 'content-type': `application/json;charset=${charset}` };
    expect((await app.post('/v1/enqueue', good, type)).status).toBe(202);
  });

  it('a byte order mark in front of it is 202', async () => {
    expect((await app.post('/v1/enqueue', `\ufeff${JSON.stringify(good)}`)).status).toBe(202);
  });

  it('comes back as it was sent', async () => {
    const metadata = { constructor: 'x', order: '42' };
    const answer = await app.post<{ task_id: string }>('/v1/enqueue', {
      ...withTask({ body: 'ü' }),
      metadata,
    });
    const task = await app.get(`/v1/tasks/${answer.body.task_id}`);
    expect(task.body).toMatchObject({ metadata, task: { ...good.task, method: 'POST', body: 'ü' } });
  });

  it('keeps a request id that the caller gave, unless it is harmful', async () => {
    expect((await app.get('/version', { 'x-request-id': 'abc-1' })).headers.get('x-request-id')).toBe(
      'abc-1',
    );
    expect((await app.get('/version', { 'x-request-id': 'a b' })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});

/** What every error has, whoever refuses. */
function expectProblem(problem: Problem, headers: Record<string, string | undefined>): void {
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['content-security-policy']).toContain("default-src 'self'");
  expect(problem.request_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers['x-request-id']).toBe(problem.request_id);
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly problem: Problem;
}

/** Sends bytes as they are and reads until the server ends the connection. */
function rawAnswer(request: string): Promise<RawAnswer> {
  const { port, hostname } = new URL(app.url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setEncoding('utf8').on('data', (data: string) => {
      text += data;
      const [head = '', body] = text.split('\r\n\r\n');
      const [first = '', ...lines] = head.split('\r\n');
      const pairs = lines.map((line) => line.split(': ') as [string, string]);
      const headers = Object.fromEntries(pairs);
      if (body?.length !== Number(headers['content-length'])) return;
      socket.destroy();
      resolve({ status: Number(first.split(' ')[1]), headers, problem: JSON.parse(body) as Problem });
    });
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error(`no whole answer: ${text}`));
    });
  });
}
