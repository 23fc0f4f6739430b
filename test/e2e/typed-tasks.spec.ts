import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { TaskQueue } from '../../src/queue/task-queue.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { MailServer } from '../support/mail-server.js';
import { Receiver } from '../support/receiver.js';
import { taskOf } from '../support/task-of.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let target: Receiver;
let mail: MailServer;

beforeAll(async () => {
  mail = await MailServer.start();
  const settings = { MAX_RETRY: '1', SMTP_URL: mail.url, SMTP_FROM: 'tasks@example.com' };
  [app, target] = await Promise.all([TestApp.start(settings), Receiver.start()]);
});

afterAll(async () => {
  await Promise.all([app.stop(), target.stop(), mail.stop()]);
});

const typed = (type: string, payload?: unknown, fields: object = {}) => ({
  client_id: 'test-client',
  type,
  ...(payload !== undefined && { payload }),
  ...fields,
});

async function enqueue(type: string, payload?: unknown, fields: object = {}): Promise<string> {
  const answer = await app.post<{ task_id: string }>('/v1/enqueue', typed(type, payload, fields));
  expect(answer).toMatchObject({ status: 202 });
  return answer.body.task_id;
}

async function ended(state: string, id: string): Promise<TaskView> {
  await app.taskIn(state, id);
  return (await app.get<TaskView>(`/v1/tasks/${id}?include=result`)).body;
}

const faultsOf = async (body: object) => {
  const answer = await app.post<Problem>('/v1/enqueue', body);
  expect(answer.status).toBe(400);
  return answer.body.errors?.map(({ pointer, detail }) => `${pointer} ${detail}`);
};

describe('a typed task', () => {
  it('runs in the handler of its type, whose result is shown to who asks for it', async () => {
    const payload = { message: 'Hello', nested: { list: [1, 'two', null] } };
    const id = await enqueue('echo', payload);
    const task = await ended('completed', id);
    expect(task).toMatchObject({ type: 'echo', payload, result: { echoed: payload }, attempts_made: 1 });
    expect(task.attempts).toMatchObject([{ class: 'succeeded', number: 1 }]);
    expect(task).not.toHaveProperty('task');
    expect((await app.get(`/v1/tasks/${id}`)).body).not.toHaveProperty('result');
  });

  it('is found by its type, and told from calls of URLs', async () => {
    const id = await enqueue('echo', { a: 1 }, { metadata: { of: 'list' } });
    const call = await app.enqueue({ url: target.url }, { metadata: { of: 'list' } });
    const list = async (type: string) => {
      const { body } = await app.get<{ tasks: TaskView[] }>(`/v1/tasks?type=${type}&label=of:list`);
      return body.tasks.map((task) => [task.task_id, task.type]);
    };
    expect(await list('echo')).toEqual([[id, 'echo']]);
    expect(await list('http')).toEqual([[call, 'http']]);
    expect(await list('none')).toEqual([]);
  });

  it('that fails is tried again, and then a dead letter that says why', async () => {
    const dead = await ended('dead_letter', await enqueue('fail', { message: 'no luck' }));
    const error = { code: 'handler_failed', message: 'no luck' };
    expect(dead.attempts).toMatchObject([
      { number: 1, class: 'rejected', error },
      { number: 2, class: 'rejected', error },
    ]);
    expect(dead).toMatchObject({ dead_letter_reason: 'attempts_exhausted', result: null });
    const recovered = await ended('completed', await enqueue('fail', { times: 1 }));
    expect(recovered).toMatchObject({ attempts_made: 2, result: { failed: 1 } });
  });

  it('computes, and leaves others their turn', async () => {
    const long = await enqueue('compute', { iterations: 50_000_000 });
    const short = await ended('completed', await enqueue('compute', { iterations: 5 }));
    expect(short).toMatchObject({ result: { iterations: 5, result: 10 } });
    expect(await ended('completed', long)).toMatchObject({ result: { result: 1_249_999_975_000_000 } });
    expect(await faultsOf(typed('compute', { iterations: 1e9 }))).toEqual([
      '/payload/iterations must be <= 100000000',
    ]);
  });

  it('that no attempt can help is a dead letter at once', async () => {
    const dead = await ended('dead_letter', await enqueue('fail', { permanent: true }, { max_retries: 9 }));
    expect(dead).toMatchObject({ attempts_made: 1, dead_letter_reason: 'permanent_failure' });
  });

  it('has one deadline, and is ended by it', async () => {
    const dead = await ended('dead_letter', await enqueue('sleep', { seconds: 60 }, { timeout: 0.05 }));
    expect(dead.attempts[0]).toMatchObject({ class: 'ambiguous', error: { code: 'timeout' } });
  });

  it('is cancelled while it runs', async () => {
    const id = await enqueue('sleep', { seconds: 60 });
    await app.taskIn('running', id);
    expect((await app.send('DELETE', `/v1/tasks/${id}`)).status).toBe(202);
    const { attempts } = await ended('cancelled', id);
    expect(attempts).toMatchObject([{ class: 'interrupted' }]);
  });

  it('holds a slot of its client and its queue, and has no host', async () => {
    await app.send('PUT', '/admin/queues/typed', { lane: 'default', max_concurrent: 1 });
    const [first, second] = [
      await enqueue('sleep', { seconds: 60 }, { queue: 'typed' }),
      await enqueue('echo', {}, { queue: 'typed' }),
    ];
    await app.taskIn('running', first);
    await app.taskIn('deferred', second);
    const { body } = await app.get<{ gates: { gate: string }[] }>(`/v1/tasks/${second}/explain`);
    expect(body.gates.map(({ gate }) => gate)).toEqual(['queue', 'client']);
    await app.send('DELETE', `/v1/tasks/${first}`);
    await app.taskIn('completed', second);
  });

  it('can be edited before it runs, by the rules of its type', async () => {
    const id = await enqueue('echo', { a: 1 }, { delay: 3600 });
    expect((await app.send('PATCH', `/v1/tasks/${id}`, { payload: { b: 2 } })).body).toMatchObject({
      payload: { b: 2 },
    });
    for (const edit of [{ task: { url: target.url } }, { payload: [1] }]) {
      expect((await app.send('PATCH', `/v1/tasks/${id}`, edit)).status).toBe(400);
    }
    await app.send('POST', `/v1/tasks/${id}/run`);
    expect(await ended('completed', id)).toMatchObject({ result: { echoed: { b: 2 } } });
  });
});

describe('what a request says of a type', () => {
  it.each<[string, object, string[]]>([
    ['neither', { client_id: 'abc' }, ['/task is required, unless there is a type']],
    [
      'both',
      { ...typed('echo', {}), task: { url: 'https://a.example/' } },
      ['/type must not be there together with task'],
    ],
    [
      'a payload alone',
      { client_id: 'abc', payload: {}, task: { url: 'https://a.example/' } },
      ['/payload needs a type'],
    ],
    [
      'an unknown type',
      typed('report', {}),
      ['/type is not a type of task; there are compute, echo, email, fail, http, sleep'],
    ],
    ['another shape', typed('echo', 'text'), ['/payload must be an object']],
    [
      'two faults',
      typed('sleep', { seconds: -1, x: 1 }),
      ['/payload/x is not a field of this type', '/payload/seconds must be >= 0'],
    ],
    ['no recipient', typed('email', { subject: 'a' }), ['/payload must have to or recipient']],
    [
      'a header in the subject',
      typed('email', { to: 'a@b.example', subject: 'a\r\nBcc: c@d.example' }),
      ['/payload/subject must be one line'],
    ],
    [
      'several addresses in one',
      typed('email', { recipient: 'a@b.example, c@d.example' }),
      ['/payload/recipient must be an address like user@example.com, or a list of 1 to 50'],
    ],
    ['lost digits', typed('echo', { a: [2 ** 60] }), ['/payload/a/0 would lose digits; send it as text']],
    ['a call without URL', typed('http', { method: 'GET' }), ['/payload/url is required']],
    [
      'a call to where none may go',
      typed('http', { url: 'http://169.254.169.254/' }),
      ['/payload/url must not point to 169.254.169.254 (cloud metadata address)'],
    ],
  ])('%s is refused, with a pointer', async (_name, body, faults) => {
    expect((await faultsOf(body))?.toSorted()).toEqual(faults.toSorted());
  });

  it('counts in a batch, too', async () => {
    const tasks = [
      typed('echo', { n: 1 }),
      typed('email', {}),
      { client_id: 'test-client', task: { url: target.url } },
    ];
    const { body } = await app.post<{ results: { status: string; error?: Problem }[] }>('/v1/enqueue/batch', {
      tasks,
    });
    expect(body.results.map(({ status }) => status)).toEqual(['enqueued', 'error', 'enqueued']);
    expect(body.results[1]?.error?.errors?.[0]?.pointer).toBe('/tasks/1/payload');
  });
});

describe('type http', () => {
  it('is a call of a URL in other words', async () => {
    const payload = { url: `${target.url}/typed`, method: 'PUT', headers: { 'X-Own': '1' }, body: 'text' };
    const task = await ended('completed', await enqueue('http', payload));
    expect(task).toMatchObject({ type: 'http', task: { url: payload.url, method: 'PUT', body: 'text' } });
    const request = target.received.find(({ path }) => path === '/typed');
    expect(request).toMatchObject({ method: 'PUT', headers: { 'x-own': '1' } });
  });

  it('is held to where its client may call', async () => {
    await app.post('/admin/clients/set', { client_id: 'confined', tier: 'enterprise' });
    await app.send('PUT', '/admin/clients/confined/destinations', { allow: ['*.example.com'] });
    const body = { ...typed('http', { url: target.url }), client_id: 'confined' };
    expect(await faultsOf(body)).toMatchObject([expect.stringMatching(/^\/payload\/url must not point to /)]);
  });
});

describe('type email', () => {
  it('sends by SMTP, in the words of either system, with the same Message-ID on each attempt', async () => {
    const words = [
      { to: ['a@b.example', 'c@d.example'], subject: 'Grüße', body: 'Text' },
      { recipient: 'a@b.example', subject: 'Test Email', content: 'This is it' },
    ];
    const ids = [await enqueue('email', words[0]), await enqueue('email', words[1])];
    const [first, second] = await Promise.all(ids.map((id) => ended('completed', id)));
    expect(first?.result).toMatchObject({ sent: true, sent_to: ['a@b.example', 'c@d.example'] });
    expect(second?.result).toMatchObject({ message: 'Email sent to a@b.example' });
    const sent = mail.mails.find(({ text }) => text.includes('This is it'));
    expect(sent?.to).toEqual(['RCPT TO:<a@b.example>']);
    expect(sent?.from).toMatch(/tasks@example\.com/);
    expect(sent?.text).toContain(`<${ids[1]}@task-runner>`);
    expect(mail.mails.find(({ to }) => to.length === 2)).toBeDefined();
  });

  it('says who of several was refused', async () => {
    mail.unknown = 'nobody@b.example';
    const to = ['nobody@b.example', 'a@b.example'];
    const { result } = await ended('completed', await enqueue('email', { to }));
    expect(result).toMatchObject({
      ...{ sent: true, sent_to: ['a@b.example'], refused: ['nobody@b.example'] },
      message: 'Email sent to a@b.example',
    });
    mail.unknown = undefined;
  });

  it('that is refused for good is not sent again; any other failure is', async () => {
    mail.answer = '550 no such user';
    const refused = await ended(
      'dead_letter',
      await enqueue('email', { to: 'x@b.example' }, { max_retries: 5 }),
    );
    expect(refused).toMatchObject({ attempts_made: 1, dead_letter_reason: 'permanent_failure' });
    mail.answer = '451 try later';
    const id = await enqueue(
      'email',
      { to: 'y@b.example' },
      { max_retries: 50, retry: { max_backoff: 0.05 } },
    );
    await until(async () => (await app.get<TaskView>(`/v1/tasks/${id}`)).body.attempts_made > 1);
    mail.answer = '250 ok';
    expect((await ended('completed', id)).result).toMatchObject({ sent: true });
  });
});

describe('without a mail server', () => {
  it('an e-mail is composed, not sent, and its result says so', async () => {
    const before = mail.mails.length;
    await app.stop();
    app = await TestApp.start({ TASK_ENCRYPTION_KEY: 'ab'.repeat(32) });
    const { result } = await ended('completed', await enqueue('email', { to: 'a@b.example', subject: 'Hi' }));
    expect(result).toMatchObject({ sent: false, message: expect.stringContaining('not sent') as string });
    expect(mail.mails).toHaveLength(before);
  });

  it('with a key, neither payload nor result is readable in Redis', async () => {
    const id = await enqueue('echo', { secret: 'SESAME' });
    expect(await ended('completed', id)).toMatchObject({ result: { echoed: { secret: 'SESAME' } } });
    const redis = new Redis(redisUrl());
    const stored = JSON.stringify(await redis.hgetall(`{tr}:default:${id}`));
    await redis.quit();
    expect(stored).toContain('"name":"echo"');
    expect(stored).toContain('result');
    expect(stored).not.toContain('SESAME');
  });
});

describe('a worker', () => {
  it('without a handler of a type leaves its tasks to others, and uses no attempt', async () => {
    const { nest } = app.application;
    const now = Date.now();
    const task = taskOf(now, { clientId: 'test-client', target: { type: 'future', payload: '{}' } });
    await nest.get(TaskQueue).add(task);
    const waiting = await app.taskIn('retrying', task.id);
    expect(waiting).toMatchObject({ attempts_made: 0, type: 'future' });
    expect(waiting.attempts).toMatchObject([{ class: 'interrupted', error: { code: 'handler_missing' } }]);
    const old = taskOf(now, { ...task, id: 'client-a.old', scheduledAt: now - 8 * 86_400_000 });
    await nest.get(TaskQueue).add(old);
    expect(await app.taskIn('dead_letter', old.id)).toMatchObject({ dead_letter_reason: 'handler_missing' });
  });

  it('that stops hands back what its handlers have not done', async () => {
    const id = await enqueue('sleep', { seconds: 3600 });
    await app.taskIn('running', id);
    await app.stop();
    app = await TestApp.start({ MODE: 'api', TASK_ENCRYPTION_KEY: 'ab'.repeat(32) }, true);
    const task = await app.taskIn('pending', id);
    expect(task).toMatchObject({ attempts_made: 0, attempts: [{ class: 'interrupted' }] });
  });
});
