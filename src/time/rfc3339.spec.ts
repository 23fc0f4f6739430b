import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from './rfc3339.js';

describe('parseTime', () => {
  it.each([
    ['2026-11-22T04:05:06Z', Date.UTC(2026, 10, 22, 4, 5, 6)],
    ['2026-11-22T04:05:06.789+01:30', Date.UTC(2026, 10, 22, 2, 35, 6, 789)],
    ['2026-11-22t04:05:06.123456789z', Date.UTC(2026, 10, 22, 4, 5, 6, 123)],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
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
});
