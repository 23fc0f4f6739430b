import { describe, expect, it } from 'vitest';
import { Messages } from '../load/messages.mjs';
import { readStamp, stamp } from '../load/stamp.mjs';
import { gather } from '../tuned/gather.mjs';
import { readOptions } from './options.mjs';
import { merged } from './page.mjs';
import { figure, goalTable, range, reached, tableText } from './report.mjs';
import { quantile, ratioSpread, shares, spread } from './stats.mjs';

describe('quantiles', () => {
  it('are values that were measured', () => {
    const sorted = Array.from({ length: 100 }, (_, at) => at + 1);
    expect([0, 0.5, 0.99, 1].map((q) => quantile(sorted, q))).toEqual([1, 50, 99, 100]);
    expect([0.5, 0.99].map((q) => quantile([7], q))).toEqual([7, 7]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('rounds', () => {
  it('come down to median, least and most, whatever their order', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(spread([10, Number.NaN, 9])).toEqual({ median: 9.5, min: 9, max: 10 });
    expect(spread([]).median).toBeNaN();
  });

  it('are divided one by one', () => {
    expect(ratioSpread([10, 40, 90], [10, 20, 30])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('of counts become shares', () => {
    expect(shares({ a: 6, b: 3, c: 1 })).toEqual({ a: 0.6, b: 0.3, c: 0.1 });
  });
});

describe('the ratio table', () => {
  const goal = (median, bound, limit) => ({ name: 'x', value: { median, min: 1, max: 9 }, bound, limit });

  it('judges the median', () => {
    expect(reached(goal(3.5, 'at least', 3.5))).toBe(true);
    expect(reached(goal(3.4, 'at least', 3.5))).toBe(false);
    expect(reached(goal(0.25, 'at most', 0.25))).toBe(true);
    expect(reached(goal(0.26, 'at most', 0.25))).toBe(false);
  });

  it('stands beside the goals, also when nothing was measured', () => {
    const goals = [goal(4, 'at least', 3.5), goal(4, 'at most', 3.5), goal(Number.NaN, 'at most', 1)];
    expect(goalTable(goals).rows).toEqual([
      ['x', 'at least 3.50', '4 (1-9)', 'yes'],
      ['x', 'at most 3.50', '4 (1-9)', 'no'],
      ['x', 'at most 1', '-', 'not measured'],
    ]);
  });

  it('is Markdown that reads as text', () => {
    expect(tableText({ columns: ['a', 'long'], rows: [['wide', '1']] })).toBe(
      ['| a    | long |', '| ---- | ---- |', '| wide | 1    |'].join('\n'),
    );
  });

  it('shows three figures', () => {
    expect([0.1234, 12.34, 123.4, 1234567, 0].map(figure)).toEqual(['0.12', '12.3', '123', '1,234,567', '0']);
    expect(range({ median: 2, min: 2, max: 2 })).toBe('2');
  });
});

describe('the load', () => {
  it('cuts HTTP messages out of any chunks', () => {
    const text =
      'HTTP/1.1 202 A\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 B\r\n\r\nHTTP/1.1 200 C\r\ncontent-length: 1\r\n\r\n!';
    for (const size of [1, 7, text.length]) {
      const messages = new Messages();
      const seen = [];
      for (let at = 0; at < text.length; at += size) {
        seen.push(...messages.push(Buffer.from(text.slice(at, at + size))));
      }
      expect(seen.map(({ head, body }) => [head.slice(9, 12), body.toString()])).toEqual([
        ['202', 'ok'],
        ['204', ''],
        ['200', '!'],
      ]);
    }
  });

  it('carries its time in the body', () => {
    expect(readStamp(Buffer.from(`${stamp(123_456_789)}xxx`))).toBe(123_456_789);
  });

  it('gathers what comes in while a batch is on its way', async () => {
    const batches = [];
    const add = gather(async (items) => batches.push(items), 2);
    await Promise.all([1, 2, 3].map(add));
    await add(4);
    expect(batches).toEqual([[1, 2], [3], [4]]);
  });
});

describe('options', () => {
  it('have defaults, and short ones with --quick', () => {
    expect(readOptions([])).toMatchObject({ rounds: 3, seconds: 8, quick: false, write: false });
    expect(readOptions(['--quick'])).toMatchObject({ rounds: 1, seconds: 1, backlog: [3000] });
    expect(readOptions(['--scenario', 'low,lanes'])).toMatchObject({ scenarios: ['low', 'lanes'] });
  });

  it.each([['--rounds=0'], ['--seconds=1000'], ['--scenario=nonsense'], ['--backlog=1,x'], ['--nonsense']])(
    'refuse %s',
    (argument) => {
      expect(() => readOptions([argument])).toThrow();
    },
  );
});

describe('the page', () => {
  const section = (title, note) => ({ name: 'x', title, tables: [], goals: [], notes: [note] });

  it('keeps the sections of scenarios that did not run, and their order', () => {
    const page = '\n\n### A\n\nold a\n\n#### within\n\n### B: b\n\nold b\n\n';
    const text = merged(page, 'facts', [section('B: b', 'new b'), section('C', 'new c')]);
    expect(text).toBe(
      '### A\n\nold a\n\n#### within\n\n### B: b\n\nfacts\n\nnew b\n\n### C\n\nfacts\n\nnew c',
    );
  });

  it('is the same whether scenarios run together or one after the other', () => {
    const [a, b] = [section('A', 'a'), section('B', 'b')];
    expect(merged(merged('', 'f', [a]), 'f', [b])).toBe(merged('', 'f', [a, b]));
  });
});
