import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each([
    [0, 0],
    [60, 60_000],
    [0.25, 250],
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
  ])('reads %j as %d ms', (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  it.each([
    -1,
    NaN,
    Infinity,
    '',
    '10',
    '10 s',
    '-5s',
    '1d',
    '10S',
    '１0s',
    '.3',
    '.3s',
    '0.3',
    null,
    undefined,
    true,
    [],
    {},
  ])('refuses %j', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });
});
