import { describe, expect, it } from 'vitest';
import { BodyCapture, firstValues, hasNoBody } from './answer.js';

describe('the captured body', () => {
  it('keeps up to its limit across chunks and counts what it does not keep', () => {
    const capture = new BodyCapture(5, 8);
    for (const text of ['abc', 'def', 'g']) capture.add(Buffer.from(text));
    expect([capture.toBuffer().toString(), capture.full]).toEqual(['abcde', false]);
    capture.add(Buffer.from('h'));
    expect([capture.toBuffer().toString(), capture.full]).toEqual(['abcde', true]);
  });

  it('can keep nothing', () => {
    const capture = new BodyCapture(0, 1);
    capture.add(Buffer.from('abc'));
    expect([capture.toBuffer().length, capture.full]).toEqual([0, true]);
  });

  it('is a copy that does not hold the large buffer of the socket', () => {
    const chunk = Buffer.alloc(65_536);
    const capture = new BodyCapture(10, 100);
    capture.add(chunk);
    expect(capture.toBuffer().buffer).not.toBe(chunk.buffer);
  });
});

describe('answer headers', () => {
  it('survive names of object members', () => {
    const raw = ['__proto__', 'a', 'toString', 'b', 'HasOwnProperty', 'c'].map((text) => Buffer.from(text));
    expect(Object.entries(firstValues(raw))).toEqual([
      ['__proto__', 'a'],
      ['tostring', 'b'],
      ['hasownproperty', 'c'],
    ]);
  });

  it('keep the first of several values, an empty one too', () => {
    expect(Object.entries(firstValues(['A', '', 'a', 'x']))).toEqual([['a', '']]);
  });
});

it.each([
  ['HEAD', 200, true],
  ['GET', 204, true],
  ['GET', 304, true],
  ['GET', 200, false],
  ['POST', 205, false],
])('%s answered %i has no body: %s', (method, status, expected) => {
  expect(hasNoBody(method, status)).toBe(expected);
});
