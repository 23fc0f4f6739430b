import { describe, expect, it } from 'vitest';
import type { ClaimedTask } from '../queue/task-handler.js';
import type { CallTarget } from '../task/task.js';
import { buildRequest } from './build-request.js';
import type { OutgoingRequest } from './http-sender.js';
import { freshTraceparent } from '../tracing/fresh-ids.js';

const sender = { userAgent: 'task-runner/1', freshTraceparent: () => 'fresh' };

const targetWith = (headers: CallTarget['headers']): CallTarget => ({
  url: 'http://target.test/',
  method: 'POST',
  headers,
});

function request(headers: CallTarget['headers'], fields: object = {}, type?: string): OutgoingRequest {
  const target = { ...targetWith(headers), ...(type !== undefined && { type }) };
  const task = { id: 'a', queue: 'mail', target, scheduledAt: 0, timeoutMs: 5, ...fields };
  return buildRequest({ task, attempt: 2 } as unknown as ClaimedTask, target, sender);
}

const identity = [
  ...['X-Task-Id', 'a', 'X-Task-Attempt', '2', 'X-Task-Retry-Count', '1', 'X-Task-Queue', 'mail'],
  ...['X-Task-Scheduled-At', '1970-01-01T00:00:00.000Z'],
  'X-Task-Depth',
  '1',
];

describe('the headers of a request', () => {
  it("are the task's own, then who it is, then what it did not name", () => {
    expect(request([['X-Own', '1']]).headers).toEqual([
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
    expect(request(own).headers).toEqual([...own.flat(), ...identity]);
  });

  it('count the tasks in a row that led to this one', () => {
    const { headers } = request([], { depth: 3 });
    expect(headers[headers.indexOf('X-Task-Depth') + 1]).toBe('4');
  });

  it('carry on the trace of the request that enqueued the task', () => {
    const { headers } = request([], { traceparent: 'known' });
    expect(headers[headers.indexOf('traceparent') + 1]).toBe('known');
  });

  it('say the type of a task that was mapped to a URL', () => {
    const { headers } = request([], {}, 'invoice.created');
    expect(headers[headers.indexOf('X-Task-Type') + 1]).toBe('invoice.created');
    expect(request([]).headers).not.toContain('X-Task-Type');
  });
});

it('a fresh traceparent is a valid one, and never the same', () => {
  const many = Array.from({ length: 1000 }, freshTraceparent);
  expect(new Set(many.map((text) => text.slice(3, 35))).size).toBe(1000);
  expect(many.filter((text) => !/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/.test(text))).toEqual([]);
});
