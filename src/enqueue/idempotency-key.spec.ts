import { describe, expect, it } from 'vitest';
import { ProblemError } from '../http/problem.js';
import { idempotencyOf, readIdempotencyKey } from './idempotency-key.js';

describe('the Idempotency-Key header', () => {
  it.each([
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['~', '~'],
    ['a"b', 'a"b'],
    ['a\\b', 'a\\b'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
    [undefined, undefined],
  ])('%s is the key %s', (header, key) => {
    expect(readIdempotencyKey(header)).toBe(key);
  });

  it.each(['', ' ', '""', '"', '"a', 'a b', '"a b"', '"a"b"', 'a\tb', 'é', 'x'.repeat(256), '"\\a"', 'a, b'])(
    '%j is none',
    (header) => {
      expect(() => readIdempotencyKey(header)).toThrow(ProblemError);
    },
  );
});

describe('what a request is known by', () => {
  const request = { client_id: 'shop', task: { url: 'http://target.example/' } };
  const all = [
    idempotencyOf(request, 'key'),
    idempotencyOf({ ...request, client_id: 'other' }, 'key'),
    idempotencyOf(request, 'key2'),
    idempotencyOf(request, 'key', 0),
    idempotencyOf(request, 'key', 1),
  ];

  it('is another one for another client, key or place in a batch', () => {
    expect(new Set(all.map(({ hash }) => hash)).size).toBe(all.length);
  });

  it('has a fingerprint that changes with the request, and with the key: nobody guesses a body by it', () => {
    const [one, , otherKey, first, second] = all.map(({ fingerprint }) => fingerprint);
    expect(
      idempotencyOf({ ...request, task: { url: 'http://target.example/2' } } as never, 'key'),
    ).toMatchObject({
      hash: all[0]?.hash,
    });
    expect(one).not.toBe(idempotencyOf({ ...request, task: {} } as never, 'key').fingerprint);
    expect(one).not.toBe(otherKey);
    expect(first).toBe(second);
  });

  it('is short, and says neither key nor client', () => {
    for (const text of all.flatMap(({ hash, fingerprint }) => [hash, fingerprint]))
      expect(text).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
