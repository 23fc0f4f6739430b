import 'reflect-metadata';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompiledDto } from '../http/compiled-dto.js';
import { checked } from '../http/validation.js';
import { EnqueueRequest } from './enqueue.dto.js';

/** Values that some field takes, or nearly takes. */
const value = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('abc', 'default', 'POST', 'post', 'list', '10s', '2026-01-31T09:00:00Z'),
  },
  fc.constantFrom(
    null,
    undefined,
    '',
    'a b',
    'abc\n',
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(9000),
    true,
  ),
  fc.constantFrom(0, 1, -1, 0.5, 1000, 1001, 2 ** 53, [], [1], ['1s', null], {}, { a: 'b' }, { a: 1 }, [[]]),
  fc.anything({ maxDepth: 2 }),
);

/** Objects with a field of the request in most places, and with others in some. */
function fields(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const foreign = fc.constantFrom(
    'constructor',
    'hasOwnProperty',
    'toString',
    '__proto__',
    'prototype',
    'x',
    '',
  );
  const name = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: foreign },
  );
  return fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
}

const target = fields(['url', 'method', 'headers', 'body', 'body_base64', 'json']);
const retry = fields([
  'strategy',
  'min_backoff',
  'max_backoff',
  'delays',
  'jitter',
  'permanent_statuses',
  'max_age',
]);
const others = [
  'queue',
  'delay',
  'scheduled_at',
  'task_id',
  'max_retries',
  'timeout',
  'retry',
  'expires_at',
  'ttl',
];
const request = fc
  .tuple(fields([...others, 'metadata', 'client_id', 'task']), target, fc.option(retry, { nil: undefined }))
  .map(([rest, task, given]) => ({
    client_id: 'abc',
    task: { url: 'https://a.example/', ...task },
    ...(given && { retry: given }),
    ...rest,
  }));

function judged(body: unknown): unknown {
  try {
    return checked(EnqueueRequest, body);
  } catch {
    return undefined;
  }
}

describe('the compiled rules of an enqueue request', () => {
  it('accept what class-validator accepts, and nothing else', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(request, (body) => {
        const judgement = judged(body);
        seen[judgement ? 'accepted' : 'refused']++;
        expect(CompiledDto.of(EnqueueRequest).accept(body)).toStrictEqual(judgement);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(300);
  });
});
