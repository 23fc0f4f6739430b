import { describe, expect, it } from 'vitest';
import type { ClaimedTask } from '../queue/task-handler.js';
import type { TaskTarget } from '../task/task.js';
import { buildRequest } from './build-request.js';
import { freshTraceparent } from '../tracing/fresh-ids.js';

const sender = { userAgent: 'task-runner/1', freshTraceparent: () => 'fresh' };

function claimed(headers: TaskTarget['headers'], traceparent?: string): ClaimedTask {
  const target = { url: 'http://target.test/', method: 'POST', headers } as const;
  const task = { id: 'a', queue: 'mail', target, scheduledAt: 0, timeoutMs: 5, traceparent };
  return { task, attempt: 2 } as unknown as ClaimedTask;
}

const identity = [
  ...['X-Task-Id', 'a', 'X-Task-Attempt', '2', 'X-Task-Retry-Count', '1', 'X-Task-Queue', 'mail'],
  ...['X-Task-Scheduled-At', '1970-01-01T00:00:00.000Z'],
  'X-Task-Depth',
  '1',
];

describe('the headers of a request', () => {
  it("are the task's own, then who it is, then what it did not name", () => {
    expect(buildRequest(claimed([['X-Own', '1']]), sender).headers).toEqual([
      ...['X-Own', '1', ...identity],
      ...['Idempotency-Key', 'a', 'traceparent', 'fresh', 'User-Agent', 'task-runner/1'],
    ]);
  });

  it('leave to the task what it names itself, however it spells it', () => {
    const own = [
      ['IDEMPOTENCY-KEY', 'k'],
      ['TraceParent', 't'],
      ['user-agent', 'u'],
    ] as const;
    expect(buildRequest(claimed(own), sender).headers).toEqual([...own.flat(), ...identity]);
  });

  it('count the tasks in a row that led to this one', () => {
    const { task, ...rest } = claimed([]);
    const { headers } = buildRequest({ ...rest, task: { ...task, depth: 3 } }, sender);
    expect(headers[headers.indexOf('X-Task-Depth') + 1]).toBe('4');
  });

  it('carry on the trace of the request that enqueued the task', () => {
    const { headers } = buildRequest(claimed([], 'known'), sender);
    expect(headers[headers.indexOf('traceparent') + 1]).toBe('known');
  });
});

it('a fresh traceparent is a valid one, and never the same', () => {
  const many = Array.from({ length: 1000 }, freshTraceparent);
  expect(new Set(many.map((text) => text.slice(3, 35))).size).toBe(1000);
  expect(many.filter((text) => !/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/.test(text))).toEqual([]);
});
