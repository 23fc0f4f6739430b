import { describe, expect, it } from 'vitest';
import { taskOf } from '../../test/support/task-of.js';
import { callbackSource } from '../task/callback-source.js';
import { type Callbacks, type Ending, ENDINGS } from '../task/callbacks.js';
import type { CallTarget, Task } from '../task/task.js';
import { readOrder } from './callback-order.js';
import { toCallback } from './to-callback.js';

const RULES = {
  maxRetries: 5,
  retry: { strategy: 'exponential', minBackoffMs: 1000, maxBackoffMs: 2000, jitter: 0 },
  timeoutMs: 30_000,
} as const;

const url = 'http://done.example/';
const failureUrl = 'http://failed.example/';

function order(callbacks: Callbacks, ending: Ending, attempt = '') {
  const task = taskOf(0, { id: 'client-a.one', queue: 'mail', metadata: { shop: '7' }, callbacks, depth: 2 });
  const source = JSON.stringify(callbackSource(task));
  return readOrder(
    'client-a.one@callback',
    ['client-a.one', ending, 'why', '3', '5000', attempt, source].join('\n'),
  )!;
}

const urlOf = (task: Task | undefined) => (task?.target as CallTarget | undefined)?.url;
const told = (callbacks: Callbacks) =>
  Object.fromEntries(
    ENDINGS.map((ending) => [ending, urlOf(toCallback(order(callbacks, ending), RULES, 6000))]),
  );

describe('who is told of which end', () => {
  it.each([
    ['both', { url, failureUrl }, [url, failureUrl, failureUrl, failureUrl]],
    ['callback_url alone', { url }, [url, url, url, url]],
    ['failure_callback_url alone', { failureUrl }, [undefined, failureUrl, failureUrl, failureUrl]],
  ])('%s', (_, callbacks, expected) => {
    expect(Object.values(told(callbacks))).toEqual(expected);
    expect(Object.keys(told(callbacks))).toEqual(['completed', 'dead_letter', 'cancelled', 'expired']);
  });
});

it('says what has become of the task, and what the target answered last', () => {
  const attempt = {
    ...{ number: 3, startedAt: 4000, endedAt: 5000, class: 'rejected', status: 503 },
    ...{ timings: { totalMs: 1000 }, response: 'out of order' },
  };
  const task = toCallback(order({ url }, 'dead_letter', JSON.stringify(attempt)), RULES, 6000)!;
  expect(JSON.parse((task.target as CallTarget).body!.content)).toEqual({
    task_id: 'client-a.one',
    client_id: 'client-a',
    queue: 'mail',
    state: 'dead_letter',
    reason: 'why',
    attempts: 3,
    status: 503,
    error: null,
    response: 'out of order',
    result: null,
    metadata: { shop: '7' },
    created_at: '1970-01-01T00:00:00.000Z',
    scheduled_at: '1970-01-01T00:00:00.000Z',
    finished_at: '1970-01-01T00:00:05.000Z',
  });
});

it('is a task of the same client in the same queue, one deeper, that nobody is told of', () => {
  expect(toCallback(order({ url }, 'completed'), RULES, 6000)).toMatchObject({
    ...{
      id: 'client-a.one@callback',
      callbackOf: 'client-a.one',
      clientId: 'client-a',
      queue: 'mail',
      depth: 3,
    },
    ...{ createdAt: 6000, scheduledAt: 6000, timeoutMs: 30_000, maxRetries: 5 },
  });
  expect(toCallback(order({ url }, 'completed'), RULES, 6000)).not.toHaveProperty('callbacks');
});

it('what is no order is none', () => {
  expect(readOrder('a@callback', 'scribbled')).toBeUndefined();
});
