import { describe, expect, it } from 'vitest';
import { formatTime } from '../time/rfc3339.js';
import { Faults } from './faults.js';
import { readExpiry } from './read-expiry.js';

const now = Date.UTC(2026, 5, 1);
const inMs = (ms: number) => formatTime(now + ms);

/** The expiry, or what is wrong with it. */
function read(fields: { expires_at?: string; ttl?: number }, scheduledAt = now) {
  const faults = new Faults();
  const request = { client_id: 'abc', task: { url: 'https://a.example/' }, ...fields };
  const expiresAt = readExpiry(request, { now, scheduledAt }, faults);
  return faults.list.length > 0
    ? faults.list.map(({ pointer, detail }) => `${pointer} ${detail}`)
    : expiresAt;
}

describe('readExpiry', () => {
  it('is nothing when nothing is asked for', () => {
    expect(read({})).toBeUndefined();
  });

  it('is the earlier of the two', () => {
    expect(read({ ttl: 2 })).toBe(now + 2000);
    expect(read({ expires_at: inMs(1) })).toBe(now + 1);
    expect(read({ ttl: 2, expires_at: inMs(3000) })).toBe(now + 2000);
    expect(read({ ttl: 3, expires_at: inMs(2000) })).toBe(now + 2000);
  });

  it('is after now and after the time that the task is scheduled for', () => {
    const past = [expect.stringMatching(/^\/expires_at is in the past/)];
    expect(read({ expires_at: inMs(0) })).toEqual(past);
    expect(read({ expires_at: inMs(-1), ttl: 9 })).toEqual(past);
    const early = [expect.stringMatching(/^\/ttl is not after the time the task is scheduled for/)];
    expect(read({ ttl: 60 }, now + 60_000)).toEqual(early);
    expect(read({ ttl: 60, expires_at: inMs(90_000) }, now + 60_000)).toEqual(early);
    expect(read({ ttl: 60.001 }, now + 60_000)).toBe(now + 60_001);
  });

  it('is told once when it is no time at all', () => {
    expect(read({ expires_at: 'soon' })).toEqual([expect.stringMatching(/^\/expires_at must be/)]);
    expect(read({ ttl: 0 })).toEqual([expect.stringMatching(/^\/ttl must be/)]);
  });
});
