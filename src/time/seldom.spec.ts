import { expect, it } from 'vitest';
import { Seldom } from './seldom.js';

it('tells the same thing once in a while, and another one at once', () => {
  let now = 0;
  const seldom = new Seldom(1000, () => now);
  const told = (...what: string[]) => what.map((each) => seldom.isDue(each));
  expect(told('a', 'b', 'a', 'b')).toEqual([true, true, false, false]);
  now = 999;
  expect(told('a', 'c')).toEqual([false, true]);
  now = 1000;
  expect(told('a', 'a', 'c')).toEqual([true, false, false]);
});
