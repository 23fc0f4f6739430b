import { describe, expect, it } from 'vitest';
import { ProblemError } from '../http/problem.js';
import { readDepth } from './read-depth.js';

describe('how deep tasks may enqueue tasks', () => {
  it.each([
    [undefined, 0],
    ['', 0],
    ['nonsense', 0],
    ['-1', 0],
    ['1', 1],
    ['4', 4],
    ['1, 3', 3],
    ['3,1 ', 3],
    ['2, nonsense', 2],
    [',', 0],
  ])('%s is %d', (header, depth) => {
    expect(readDepth(header)).toBe(depth);
  });

  it.each(['5', '6', '100000000', '9, 1', '1, 6', '0,0,0,5', '9'.repeat(400)])(
    '%s is refused, and must not be tried again',
    (header) => {
      expect(() => readDepth(header)).toThrow(ProblemError);
      try {
        readDepth(header);
      } catch (error) {
        expect((error as ProblemError).init).toMatchObject({
          status: 400,
          code: 'task_loop',
          headers: { 'x-task-no-retry': 'true' },
        });
      }
    },
  );
});
