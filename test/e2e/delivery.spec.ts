import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start(), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

describe('a task', () => {
  it('is delivered once and completed when the target answers 2xx', async () => {
    target.answer = (_request, response) => response.writeHead(204).end();
    const id = await app.enqueue({ url: `${target.url}/hook?a=1`, method: 'PUT' });
    const task = await app.taskIn('completed', id);
    expect(target.received).toHaveLength(1);
    expect(target.received[0]).toMatchObject({ method: 'PUT', path: '/hook?a=1' });
    expect(task).toMatchObject({ attempts_made: 1, max_retries: 5, max_attempts: 6, timeout: 1800 });
    expect(task.attempts).toMatchObject([{ number: 1, class: 'succeeded', status: 204 }]);
  });

  it('is retried with growing waits until it succeeds, under one id and counted attempts', async () => {
    target.answer = (_request, response, nth) => response.writeHead(nth < 4 ? 500 : 200).end(`try ${nth}`);
    const id = await app.enqueue({ url: target.url });
    const task = await app.taskIn('completed', id);

    const seen = target.received.map(({ headers }) => headers);
    expect(seen.map((headers) => headers['x-task-id'])).toEqual([id, id, id, id]);
    expect(seen.map((headers) => headers['idempotency-key'])).toEqual([id, id, id, id]);
    expect(seen.map((headers) => headers['x-task-attempt'])).toEqual(['1', '2', '3', '4']);
    expect(seen.map((headers) => headers['x-task-retry-count'])).toEqual(['0', '1', '2', '3']);
    expect(
      task.attempts.map(({ number, class: kind, status, response }) => [number, kind, status, response]),
    ).toEqual([
      [1, 'rejected', 500, 'try 1'],
      [2, 'rejected', 500, 'try 2'],
      [3, 'rejected', 500, 'try 3'],
      [4, 'succeeded', 200, undefined],
    ]);
    const waits = task.attempts
      .slice(1)
      .map((attempt, n) => gap(task.attempts[n]!.ended_at, attempt.started_at));
    // Backoff is 20, 40, 80 ms here; a busy machine only makes it longer.
    expect(waits[0]).toBeGreaterThanOrEqual(19);
    expect(waits[1]).toBeGreaterThanOrEqual(39);
    expect(waits[2]).toBeGreaterThanOrEqual(79);
  });

  it('becomes a dead letter after 1 + max_retries deliveries, and is kept', async () => {
    target.answer = (_request, response) => response.writeHead(404).end('no such thing');
    const id = await app.enqueue({ url: target.url }, { max_retries: 2 });
    const task = await app.taskIn('dead_letter', id);
    expect(target.received).toHaveLength(3);
    expect(task).toMatchObject({ attempts_made: 3, dead_letter_reason: 'attempts_exhausted' });
    expect(task.finished_at).toBeDefined();
  });

  it('with max_retries 0 is tried once', async () => {
    target.answer = (_request, response) => response.writeHead(500).end();
    const id = await app.enqueue({ url: target.url }, { max_retries: 0 });
    await app.taskIn('dead_letter', id);
    expect(target.received).toHaveLength(1);
  });

  it('is not retried when the target says so, with 489 or X-Task-No-Retry', async () => {
    target.answer = (_request, response) => response.writeHead(489).end();
    const by489 = await app.enqueue({ url: target.url });
    expect(await app.taskIn('dead_letter', by489)).toMatchObject({ dead_letter_reason: 'permanent_failure' });
    target.answer = (_request, response) => response.writeHead(500, { 'X-Task-No-Retry': 'true' }).end();
    const byHeader = await app.enqueue({ url: target.url });
    expect(await app.taskIn('dead_letter', byHeader)).toMatchObject({ attempts_made: 1 });
    expect(target.received).toHaveLength(2);
  });

  it('is not redirected: a 3xx is a failure', async () => {
    target.answer = (_request, response) =>
      response.writeHead(302, { location: `${target.url}/other` }).end();
    const id = await app.enqueue({ url: `${target.url}/first` }, { max_retries: 0 });
    await app.taskIn('dead_letter', id);
    expect(target.received.map(({ path }) => path)).toEqual(['/first']);
  });

  it('fails an attempt when the target does not answer by the deadline, headers and body together', async () => {
    target.answer = (_request, response, nth) =>
      nth === 1 ? response.writeHead(200).write('x') : response.end();
    const id = await app.enqueue({ url: target.url }, { timeout: '200ms' });
    const task = await app.taskIn('completed', id);
    expect(task.attempts[0]).toMatchObject({
      class: 'ambiguous',
      status: 200,
      error: { code: 'timeout' },
    });
    expect(task.attempts[0]!.total_ms).toBeGreaterThanOrEqual(199);
  });

  it('that reaches nobody says so', async () => {
    const gone = await Receiver.start();
    const { url } = gone;
    await gone.stop();
    const id = await app.enqueue({ url }, { max_retries: 0 });
    const task = await app.taskIn('dead_letter', id);
    expect(task.attempts).toMatchObject([{ class: 'not_sent', error: { code: 'connect_failed' } }]);
  });

  it('keeps of a failed answer only its beginning', async () => {
    target.answer = (_request, response) => response.writeHead(500).end('x'.repeat(100_000));
    const id = await app.enqueue({ url: target.url }, { max_retries: 0 });
    const task = await app.taskIn('dead_letter', id);
    expect(task.attempts[0]!.response).toBe('x'.repeat(2048));
  });
});

describe('what the target receives', () => {
  it('is the body byte for byte, and the headers in order and spelling', async () => {
    const body = 'Zeilen\r\nund\u0000Nullen – ✓ \u{1F600}';
    const headers = {
      'X-Zuletzt': 'a  b',
      'x-klein': '\u00fcber',
      constructor: 'x',
      'Content-Type': 'text/plain',
    };
    const id = await app.enqueue({ url: target.url, headers, body });
    await app.taskIn('completed', id);
    const [request] = target.received;
    expect(request!.body.equals(Buffer.from(body, 'utf8'))).toBe(true);
    const own = pairs(request!.rawHeaders).filter(([name]) => name in headers);
    expect(own).toEqual(Object.entries(headers));
  });

  it('is any byte at all, given as base64', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const id = await app.enqueue({ url: target.url, body_base64: bytes.toString('base64') });
    await app.taskIn('completed', id);
    expect(target.received[0]!.body.equals(bytes)).toBe(true);
    expect(target.received[0]!.headers['content-length']).toBe('256');
  });

  it('is a JSON value, serialised once, with its content type', async () => {
    const json = { a: [1, null, 'x'], ümlaut: { deep: true }, constructor: 'Ferrari', toString: {} };
    const id = await app.enqueue({ url: target.url, json });
    await app.taskIn('completed', id);
    expect(target.received[0]!.body.toString()).toBe(JSON.stringify(json));
    expect(target.received[0]!.headers['content-type']).toBe('application/json');
  });

  it('is null when the JSON is null, and keeps a content type of the task', async () => {
    const id = await app.enqueue({
      url: target.url,
      json: null,
      headers: { 'content-type': 'application/x+json' },
    });
    await app.taskIn('completed', id);
    expect(target.received[0]!.body.toString()).toBe('null');
    expect(target.received[0]!.headers['content-type']).toBe('application/x+json');
  });

  it('names the task, its schedule, a trace and us', async () => {
    const id = await app.enqueue({ url: target.url }, { queue: 'critical' });
    const task = await app.taskIn('completed', id);
    expect(target.received[0]!.headers).toMatchObject({
      'x-task-id': id,
      'x-task-queue': 'critical',
      'x-task-scheduled-at': task.scheduled_at,
      'user-agent': expect.stringMatching(/^task-runner\/\d/) as string,
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/) as string,
    });
  });

  it('has the trace of the request that enqueued it, unless the task names one', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const enqueue = (task: object) =>
      app.post('/v1/enqueue', { client_id: 'test-client', task }, { traceparent });
    await enqueue({ url: target.url });
    await target.gets(1);
    expect(target.received[0]!.headers['traceparent']).toBe(traceparent);
    const own = traceparent.replace('01', '00');
    await enqueue({ url: target.url, headers: { Traceparent: own, 'Idempotency-Key': 'mine' } });
    await target.gets(2);
    expect(target.received[1]!.headers).toMatchObject({ traceparent: own, 'idempotency-key': 'mine' });
  });
});

describe('a schedule', () => {
  it('shows when a delayed task is due', async () => {
    const id = await app.enqueue({ url: target.url }, { delay: '1h' });
    const waiting = await app.taskIn('scheduled', id);
    expect(gap(waiting.created_at, waiting.scheduled_at)).toBe(3_600_000);
    expect(waiting.next_attempt_at).toBe(waiting.scheduled_at);
    expect(target.received).toHaveLength(0);
  });

  it('holds a delayed task back until it is due', async () => {
    const id = await app.enqueue({ url: target.url }, { delay: '300ms' });
    const done = await app.taskIn('completed', id);
    expect(gap(done.created_at, done.scheduled_at)).toBe(300);
    expect(target.received[0]!.at).toBeGreaterThanOrEqual(Date.parse(done.scheduled_at));
  });

  it('takes scheduled_at before delay, and a past time as now', async () => {
    const past = await app.enqueue(
      { url: target.url },
      { delay: 3600, scheduled_at: '2020-01-01T00:00:00Z' },
    );
    await app.taskIn('completed', past);
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const id = await app.enqueue({ url: target.url }, { delay: 0, scheduled_at: future });
    expect(await app.taskIn('scheduled', id)).toMatchObject({ scheduled_at: future });
  });
});

describe("a caller's own task_id", () => {
  it('enqueues once, however often it is sent, and answers the first result', async () => {
    const send = (fields: object) =>
      app.post('/v1/enqueue', {
        client_id: 'alice',
        task_id: 'order-1',
        task: { url: target.url },
        ...fields,
      });
    const answers = [await send({ queue: 'high' }), await send({ queue: 'low', delay: 60 }), await send({})];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers[0]!.body).toMatchObject({ task_id: 'alice.order-1', queue: 'high', client_id: 'alice' });
    expect(answers[1]!.body).toEqual(answers[0]!.body);
    expect(answers[2]!.body).toEqual(answers[0]!.body);
    await app.taskIn('completed', 'alice.order-1');
    expect(target.received).toHaveLength(1);
  });

  it('enqueues once also when twenty come at the same time', async () => {
    const body = { client_id: 'alice', task_id: 'order-2', task: { url: target.url } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => app.post('/v1/enqueue', body)));
    expect(new Set(answers.map(({ body: answer }) => JSON.stringify(answer))).size).toBe(1);
    await app.taskIn('completed', 'alice.order-2');
    expect(target.received).toHaveLength(1);
  });

  it("is each client's own", async () => {
    for (const client_id of ['alice', 'bob']) {
      await app.post('/v1/enqueue', { client_id, task_id: 'same', task: { url: target.url } });
    }
    await app.taskIn('completed', 'alice.same');
    await app.taskIn('completed', 'bob.same');
    expect(target.received).toHaveLength(2);
  });
});

function gap(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as [string, string]] : []));
}
