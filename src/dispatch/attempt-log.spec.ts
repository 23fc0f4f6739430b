import { PinoLogger } from 'nestjs-pino';
import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { AttemptMetrics } from '../metrics/attempt-metrics.js';
import { AttemptNameMetrics } from '../metrics/name-metrics.js';
import type { Attempt } from '../task/attempt.js';
import type { Task } from '../task/task.js';
import { NoTracing } from '../tracing/tracing.js';
import { AttemptLog } from './attempt-log.js';

const lines: string[] = [];
const logger = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
const logWith = (environment: Record<string, string>) => {
  const config = loadConfig(environment);
  const metrics = new AttemptMetrics(new AttemptNameMetrics(config));
  return new AttemptLog(config, metrics, new NoTracing(), { logger } as unknown as PinoLogger);
};
const log = logWith({});
const span = new NoTracing().attempt();

const task = {
  id: 'a',
  clientId: 'client-a',
  queue: 'mail',
  lane: 'default',
  createdAt: 1,
  scheduledAt: 1,
  target: {
    url: 'https://me:pw@a.example/hook?token=x',
    method: 'POST',
    headers: [['Authorization', 's3cret']],
  },
  maxRetries: 2,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
} as unknown as Task;
const attempt: Attempt = {
  ...{ number: 1, startedAt: 1, endedAt: 3, class: 'rejected', status: 503, retryAfterMs: 7000 },
  timings: { queueMs: 4, connectMs: 0.5, firstByteMs: 1.5, totalMs: 2 },
  response: 'down',
};

beforeEach(() => {
  lines.length = 0;
});

it('an attempt is one line with all there is to know about it and nothing that is secret', () => {
  log.write(task, { attempt, settlement: { kind: 'retry', delayMs: 7000 }, span });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      ...{ level: 30, context: 'Dispatch', msg: 'attempt' },
      ...{
        task_id: 'a',
        client_id: 'client-a',
        queue: 'mail',
        type: 'http',
        method: 'POST',
        url: 'https://a.example/hook',
      },
      ...{ attempt: 1, max_attempts: 3, class: 'rejected', status: 503, retry_after_ms: 7000 },
      ...{ queue_ms: 4, connect_ms: 0.5, first_byte_ms: 1.5, total_ms: 2 },
      ...{ settlement: 'retry', retry_in_ms: 7000, trace_id: '0af7651916cd43dd8448eb211c80319c' },
    },
  ]);
});

it('of a task that is stored encrypted, the path is not in the log either', () => {
  const encrypted = logWith({ TASK_ENCRYPTION_KEY: 'ab'.repeat(32) });
  for (const url of ['https://me:pw@a.example:8443/hook/s3cret?token=x', 'https://a.example:8443?s3cret']) {
    encrypted.write(
      { ...task, target: { ...task.target, url } },
      { attempt, settlement: { kind: 'complete' }, span },
    );
  }
  expect(lines.map((line) => (JSON.parse(line) as { url: string }).url)).toEqual([
    'https://a.example:8443',
    'https://a.example:8443',
  ]);
  expect(lines.join()).not.toMatch(/s3cret|pw/);
});

it('a dead letter is a warning with its reason', () => {
  log.write(task, { attempt, settlement: { kind: 'dead_letter', reason: 'permanent_failure' }, span });
  expect(JSON.parse(lines.join())).toMatchObject({ level: 40, dead_letter_reason: 'permanent_failure' });
});

it.each([
  [task.target, 'connect ECONNREFUSED'],
  [{ type: 'email', payload: '{}' }, undefined],
])('the words of a fault are ours to tell, those of a handler are made of the payload', (target, told) => {
  const error = { code: 'connect_failed', message: 'connect ECONNREFUSED' } as const;
  log.write({ ...task, target }, { attempt: { ...attempt, error }, settlement: { kind: 'complete' }, span });
  const line = JSON.parse(lines.join()) as Record<string, unknown>;
  expect([line['error_code'], line['error']]).toEqual(['connect_failed', told]);
});

it('a traced attempt is found by its span', () => {
  const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
  log.write(task, { attempt, settlement: { kind: 'complete' }, span: { ...span, ids } });
  expect(JSON.parse(lines.join())).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId });
});
