import { describe, expect, it } from 'vitest';
import { lossyNumber } from './lossy-number.js';

describe('lossyNumber', () => {
  it.each(['9007199254740993', '-9007199254740993', '1e400', '-1e400', '1e22'])('finds %s', (number) => {
    expect(lossyNumber(JSON.parse(number))).toEqual([]);
    expect(lossyNumber(JSON.parse(`{"a":[1,{"b/c":${number}}],"d":${number}}`))).toEqual(['a', '1', 'b/c']);
  });

  it.each([
    '9007199254740991',
    '-9007199254740991',
    '0',
    '-0',
    '0.1',
    '1e-400',
    '"9007199254740993"',
    'null',
  ])('lets %s pass', (text) => {
    expect(lossyNumber(JSON.parse(`[{"a":${text}}]`))).toBeUndefined();
  });
});
