import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ RETRY_AFTER_MAX_SEC: '2' }), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

const enqueue = (retry: object, fields: object = {}) =>
  app.enqueue({ url: target.url }, { retry, ...fields });
const fails = (status = 500, headers: Record<string, string> = {}) => {
  target.answer = (_request, response) => response.writeHead(status, headers).end();
};
/** Fails the first time and succeeds from then on. */
const failsOnce = (status: number, headers: Record<string, string> = {}) => {
  target.answer = (_request, response, nth) =>
    nth === 1 ? response.writeHead(status, headers).end() : response.end('ok');
};

/** Milliseconds from the end of each attempt to the start of the next. A timer may fire up to 1 ms early. */
function waits({ attempts }: TaskView): number[] {
  const gap = (from: string, to: string) => Date.parse(to) - Date.parse(from) + 1;
  return attempts.slice(1).map((attempt, n) => gap(attempts[n]!.ended_at, attempt.started_at));
}

function expectAtLeast(actual: readonly number[], least: readonly number[]): void {
  expect(actual).toHaveLength(least.length);
  for (const [n, wait] of actual.entries()) expect(wait, `wait ${n + 1}`).toBeGreaterThanOrEqual(least[n]!);
}

/** Waits until nothing happens to a task any more, whatever became of it, and gives it. */
async function finished(id: string): Promise<TaskView> {
  let task: TaskView | undefined;
  await until(async () => {
    task = (await app.get<TaskView>(`/v1/tasks/${id}`)).body;
    return task.finished_at !== undefined;
  });
  return task!;
}

// A busy machine only makes a wait longer, so that every wait has a lower bound here and no upper one. That a wait is
// not the one of another strategy shows in that the test ends at all: it would take minutes.
describe('the waits between attempts', () => {
  it('double from min_backoff to max_backoff', async () => {
    fails();
    const id = await enqueue({ min_backoff: '30ms', max_backoff: 0.1 }, { max_retries: 14 });
    const task = await app.taskIn('dead_letter', id, 20_000);
    expectAtLeast(waits(task), [30, 60, ...Array<number>(12).fill(100)]);
    expect(task.dead_letter_reason).toBe('attempts_exhausted');
  });

  it('grow by min_backoff when linear', async () => {
    fails();
    const retry = { strategy: 'linear', min_backoff: '15ms', max_backoff: '90ms' };
    const task = await app.taskIn('dead_letter', await enqueue(retry, { max_retries: 14 }), 20_000);
    expectAtLeast(waits(task), [15, 30, 45, 60, 75, ...Array<number>(9).fill(90)]);
  });

  it('stay the same when fixed', async () => {
    fails();
    const retry = { strategy: 'fixed', min_backoff: '40ms' };
    const task = await app.taskIn('dead_letter', await enqueue(retry, { max_retries: 13 }), 20_000);
    expectAtLeast(waits(task), Array<number>(13).fill(40));
  });

  it('follow the list, whose last entry repeats', async () => {
    fails();
    const retry = { strategy: 'list', delays: ['80ms', 0, 0.12, '50ms'] };
    const task = await app.taskIn('dead_letter', await enqueue(retry, { max_retries: 6 }), 20_000);
    expectAtLeast(waits(task), [80, 0, 120, 50, 50, 50]);
  });
});

describe('Retry-After', () => {
  it.each([429, 302])('of a %i makes the retry wait that long', async (status) => {
    failsOnce(status, { 'Retry-After': '1' });
    const task = await app.taskIn('completed', await enqueue({}));
    expectAtLeast(waits(task), [1000]);
    expect(task.attempts.map(({ retry_after_ms }) => retry_after_ms)).toEqual([1000, undefined]);
  });

  it('may be a date', async () => {
    const date = Math.ceil(Date.now() / 1000) * 1000 + 1000;
    failsOnce(503, { 'Retry-After': new Date(date).toUTCString() });
    const task = await app.taskIn('completed', await enqueue({}));
    expect(Date.parse(task.attempts[1]!.started_at)).toBeGreaterThanOrEqual(date - 1);
  });

  it.each(['86400', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'of %s is cut to RETRY_AFTER_MAX_SEC',
    async (header) => {
      failsOnce(503, { 'Retry-After': header });
      const task = await app.taskIn('completed', await enqueue({}));
      expectAtLeast(waits(task), [2000]);
    },
  );

  it.each(['soon', '-5', 'Mon, 01 Jan 2001 00:00:00 GMT'])('of %s is ignored', async (header) => {
    failsOnce(503, { 'Retry-After': header });
    const task = await app.taskIn('completed', await enqueue({ min_backoff: '50ms' }));
    expectAtLeast(waits(task), [50]);
    expect(task.attempts[0]).not.toHaveProperty('retry_after_ms');
  });

  it('never makes a wait shorter than the backoff', async () => {
    failsOnce(503, { 'Retry-After': '1' });
    const task = await app.taskIn('completed', await enqueue({ strategy: 'fixed', min_backoff: 1.5 }));
    expectAtLeast(waits(task), [1500]);
  });
});

describe('a task is given up', () => {
  it('at once when the status is a permanent one, and at no other', async () => {
    target.answer = (_request, response, nth) => response.writeHead(nth === 1 ? 500 : 410).end();
    const task = await app.taskIn('dead_letter', await enqueue({ permanent_statuses: [404, 410] }));
    expect(task).toMatchObject({ attempts_made: 2, dead_letter_reason: 'permanent_failure' });
    expect(target.received).toHaveLength(2);
  });

  it('when the next retry would come later than max_age after it was due', async () => {
    fails();
    const retry = { strategy: 'list', delays: [0, '2h'], max_age: '1h' };
    const task = await app.taskIn('dead_letter', await enqueue(retry));
    expect(task).toMatchObject({ attempts_made: 2, dead_letter_reason: 'max_age_exceeded' });
    expect(target.received).toHaveLength(2);
  });

  it.each([{ ttl: '1h' }, { expires_at: new Date(Date.now() + 3_600_000).toISOString() }])(
    'when the next retry would come after its expiry: %j',
    async (expiry) => {
      fails();
      const id = await enqueue({ strategy: 'list', delays: [0, '2h'] }, expiry);
      const task = await finished(id);
      expect(task.attempts_made).toBe(2);
      expect(task.dead_letter_reason ?? task.state).toBe('expired');
    },
  );
});

describe('what applies to a task', () => {
  const view = async (fields: object) =>
    (await app.get<TaskView>(`/v1/tasks/${await app.enqueue({ url: target.url }, fields)}`)).body;

  it('is what the deployment says, unless the request does', async () => {
    expect((await view({})).retry).toEqual({
      strategy: 'exponential',
      min_backoff: 0.02,
      max_backoff: 300,
      jitter: 0,
    });
    const full = {
      strategy: 'linear',
      min_backoff: '1.5m',
      max_backoff: '2h',
      jitter: 0.2,
      permanent_statuses: [404, 410],
      max_age: '1h',
    };
    expect((await view({ retry: full })).retry).toEqual({
      ...full,
      min_backoff: 90,
      max_backoff: 7200,
      max_age: 3600,
    });
  });

  it('has the waits of a list in place of bounds, which do not apply', async () => {
    expect((await view({ retry: { strategy: 'list', delays: ['500ms', 2], max_age: 5 } })).retry).toEqual({
      strategy: 'list',
      delays: [0.5, 2],
      jitter: 0,
      max_age: 5,
    });
  });

  it('has a bound of the deployment make way for one of the request', async () => {
    expect((await view({ retry: { min_backoff: '10m' } })).retry).toMatchObject({
      min_backoff: 600,
      max_backoff: 600,
    });
    expect((await view({ retry: { max_backoff: '10ms' } })).retry).toMatchObject({
      min_backoff: 0.01,
      max_backoff: 0.01,
    });
  });

  it('has the earlier of expires_at and ttl', async () => {
    const expires_at = '2099-01-02T03:04:05.000Z';
    expect((await view({ expires_at })).expires_at).toBe(expires_at);
    const both = await view({ expires_at, ttl: '2h' });
    expect(Date.parse(both.expires_at!) - Date.parse(both.created_at)).toBe(7_200_000);
    expect((await view({ expires_at: both.expires_at, ttl: '9h' })).expires_at).toBe(both.expires_at);
    expect(await view({})).not.toHaveProperty('expires_at');
  });
});
