import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from './rfc3339.js';

describe('parseTime', () => {
  it.each([
    ['2026-11-22T04:05:06Z', Date.UTC(2026, 10, 22, 4, 5, 6)],
    ['2026-11-22T04:05:06.789+01:30', Date.UTC(2026, 10, 22, 2, 35, 6, 789)],
    ['2026-11-22t04:05:06.123456789z', Date.UTC(2026, 10, 22, 4, 5, 6, 123)],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
    ['2026-12-31T23:59:60Z', Date.UTC(2027, 0, 1)],
    ['2026-12-31T15:59:60.5-08:00', Date.UTC(2027, 0, 1, 0, 0, 0, 500)],
    ['2026-12-31T23:59:59Z', Date.UTC(2026, 11, 31, 23, 59, 59)],
  ])('reads %s', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each([
    '2026-11-22',
    '2026-11-22T04:05:06',
    '2026-11-22 04:05:06Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:61:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T12:00:60Z',
    '2026-12-31T23:59:60+01:00',
    '2026-12-31T23:59:61Z',
    '2026-12-31T23:60:00Z',
    '2026-11-22T04:05:06+24:00',
    '2026-11-22T04:05:06+99:00',
    'tomorrow',
    '',
    '1700000000',
  ])('refuses %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it('writes UTC', () => {
    expect(formatTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6))).toBe('2026-01-02T03:04:05.006Z');
  });

  it('writes every time as the platform does, in whatever order they come', () => {
    const near = fc.integer({ min: -180_000, max: 180_000 }).map((ms) => Date.UTC(2026, 0, 1) + ms);
    const any = fc.integer({ min: -8.64e15, max: 8.64e15 });
    fc.assert(
      fc.property(fc.oneof(near, any), (ms) => {
        expect(formatTime(ms)).toBe(new Date(ms).toISOString());
      }),
    );
    expect(() => formatTime(NaN)).toThrow(RangeError);
  });
});
