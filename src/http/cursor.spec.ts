import { describe, expect, it } from 'vitest';
import { nextCursor, placeAt } from './cursor.js';
import { ProblemError } from './problem.js';

const NAME = /^[a-z-]{3,20}$/;

describe('a cursor', () => {
  it('stands for the place that it was made of', () => {
    expect(placeAt(nextCursor('my-queue'), NAME)).toBe('my-queue');
    expect([placeAt(undefined, NAME), placeAt(null, NAME), nextCursor(undefined)]).toEqual([
      undefined,
      undefined,
      null,
    ]);
  });

  it.each([
    '',
    'my-queue',
    '*',
    `${nextCursor('my-queue')!}*`,
    `${nextCursor('my-queue')!}=`,
    nextCursor('NO')!,
  ])('that nobody was given is refused: %j', (cursor) => {
    expect(() => placeAt(cursor, NAME)).toThrow(ProblemError);
  });
});
