import { describe, expect, it } from 'vitest';
import { nestsDeeperThan } from './json-body.js';

const deep = (json: string, limit: number) => nestsDeeperThan(Buffer.from(json), limit);

describe('nestsDeeperThan', () => {
  it('counts objects and arrays together', () => {
    expect(deep('[{"a":[1]}]', 3)).toBe(false);
    expect(deep('[{"a":[1]}]', 2)).toBe(true);
  });

  it('does not count siblings', () => {
    expect(deep('[[],[],[],{}]', 2)).toBe(false);
  });

  it('does not count brackets in strings, also after escaped quotes', () => {
    expect(deep('["[[[[", "\\"[[[[", "\\\\", "]]"]', 1)).toBe(false);
    expect(deep('["\\\\",[1]]', 1)).toBe(true);
  });

  it('does not care whether the text is JSON at all', () => {
    expect(deep('[[[[', 3)).toBe(true);
    expect(deep(']]]]', 0)).toBe(false);
    expect(deep('', 0)).toBe(false);
  });
});
