import { describe, expect, it } from 'vitest';
import { nested, render, type Values } from './render.js';
import { VALUE_ROWS } from './value-rows.js';

describe('the values that the sources name', () => {
  it.each(VALUE_ROWS)(
    '$rows: $value does what it says',
    ({ value, set, also = {}, read, usual, changed }) => {
      expect(read(render(also))).toEqual(usual);
      expect(read(render(merged(also, nested(value, set))))).toEqual(changed);
    },
  );

  it('covers every one of them', () => {
    const covered = new Set(VALUE_ROWS.flatMap(({ rows }) => numbersIn(rows)));
    const wanted = [...range('S0', 16, 39), ...range('S2', 12, 49), 'S2 57'];
    expect(wanted.filter((row) => !covered.has(row))).toEqual([]);
  });
});

/** `S0 18, S2 13, 14` names S0 18, S2 13 and S2 14. */
function numbersIn(rows: string): string[] {
  let source = '';
  return rows.split(', ').map((row) => {
    const [first = '', second] = row.split(' ');
    if (second !== undefined) source = first;
    return `${source} ${second ?? first}`;
  });
}

function range(source: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `${source} ${from + at}`);
}

function merged(base: Values, over: Values): Values {
  const both = Object.entries(over).map(([key, value]) => {
    const below = base[key];
    return [key, isMap(below) && isMap(value) ? merged(below, value) : value];
  });
  return { ...base, ...(Object.fromEntries(both) as Values) };
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
