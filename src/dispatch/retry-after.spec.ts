import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.js';

const limits = { now: Date.UTC(2026, 5, 1, 12, 0, 0, 250), maxMs: 3_600_000 };

describe('retryAfterMs', () => {
  it.each([
    ['1', 1000],
    [' 120 ', 120_000],
    ['007', 7000],
    ['3600', 3_600_000],
    ['Mon, 01 Jun 2026 12:00:10 GMT', 9750],
    ['Monday, 01-Jun-26 12:00:10 GMT', 9750],
    ['Mon Jun  1 12:00:10 2026', 9750],
  ])('reads %j', (header, ms) => {
    expect(retryAfterMs(header, limits)).toBe(ms);
  });

  it.each(['3601', '99999999999999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'cuts %j to the maximum',
    (header) => {
      expect(retryAfterMs(header, limits)).toBe(3_600_000);
    },
  );

  it.each([
    undefined,
    '',
    '0',
    '-1',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '１',
    '10s',
    '120, 60',
    'soon',
    'Infinity',
    '2026-06-01T13:00:00Z',
    'Mon, 01 Jun 2026 12:00:00 GMT',
    'Mon, 01 Jun 2020 12:00:00 GMT',
    'Sat, 31 Jun 2026 12:00:00 GMT',
  ])('ignores %j', (header) => {
    expect(retryAfterMs(header, limits)).toBeUndefined();
  });

  it('honours nothing when the maximum is 0', () => {
    expect(retryAfterMs('60', { ...limits, maxMs: 0 })).toBeUndefined();
  });

  it('is nothing or within the bounds, whatever a target writes', () => {
    const date = fc.date({ noInvalidDate: true }).map((time) => time.toUTCString());
    const header = fc.oneof(fc.string(), fc.integer().map(String), date);
    fc.assert(
      fc.property(header, fc.nat(), (text, maxMs) => {
        const wait = retryAfterMs(text, { ...limits, maxMs });
        if (wait === undefined) return;
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(maxMs);
      }),
    );
  });
});
