import { expect, it } from 'vitest';
import { EnqueueRequest } from './enqueue.dto.js';
import { ProblemError } from '../http/problem.js';
import { validated } from '../http/validation.js';

const ms = (work: () => unknown): number => {
  const started = performance.now();
  work();
  return performance.now() - started;
};

function refusal(value: unknown): ProblemError {
  try {
    validated(EnqueueRequest, value);
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('accepted');
}

it('costs no more than to read it, whatever somebody sends that has no place here', () => {
  const text = JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, n])));
  // What is called for the first time takes longer.
  for (const each of ['{"k0":0}', text]) refusal(JSON.parse(each));
  const reading = ms(() => JSON.parse(text) as unknown);
  const value = JSON.parse(text) as unknown;
  expect(ms(() => refusal(value))).toBeLessThan(3 * reading);
});

it('names what has no place at any depth, and how many more there are', () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, n]));
  const { errors = [], detail } = refusal({
    client_id: 'client-a',
    extra: 1,
    task: { url: 'http://a.example/', ...many },
  }).init;
  expect(errors).toHaveLength(50);
  expect(errors.slice(0, 2).map(({ pointer }) => pointer)).toEqual(['/extra', '/task/k0']);
  expect(detail).toBe('/extra is not a field of this request (and 60 more, the first 50 are in errors)');
});

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('takes %s for no field', (key) => {
  const value = JSON.parse(
    `{"client_id":"client-a","task":{"url":"http://a.example/"},"${key}":{}}`,
  ) as unknown;
  expect(refusal(value).init.errors).toEqual([
    { pointer: `/${key}`, detail: 'is not a field of this request' },
  ]);
});
