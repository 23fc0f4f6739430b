import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOfKey, isWholeKey, keyIdOf, newApiKey, shownOf } from './api-key.js';

describe('an API key', () => {
  it('has a prefix that scanners find, and is never the same', () => {
    const keys = Array.from({ length: 1000 }, newApiKey);
    for (const key of keys) expect(key).toMatch(/^tr_live_[0-9A-Za-z]{49}$/);
    expect(new Set(keys).size).toBe(1000);
    expect(keys.every(isWholeKey)).toBe(true);
  });

  it('is told from itself with any one character different, from pieces of it and from other text', () => {
    const key = newApiKey();
    const other = fc.record({
      at: fc.nat({ max: key.length - 1 }),
      to: fc.constantFrom('0', 'a', 'Z', '_', '-', '~', ' '),
    });
    fc.assert(
      fc.property(other, ({ at, to }) => {
        fc.pre(key[at] !== to);
        expect(isWholeKey(key.slice(0, at) + to + key.slice(at + 1))).toBe(false);
      }),
      { numRuns: 1000 },
    );
    for (let length = 0; length < key.length; length++) expect(isWholeKey(key.slice(0, length))).toBe(false);
    for (const text of ['', 'tr_live_', `${key}0`, `${key}\n`, ` ${key}`, key.replace('live', 'test')])
      expect(isWholeKey(text)).toBe(false);
  });

  it('does not pass with the checksum of another one', () => {
    const [one, other] = [newApiKey(), newApiKey()];
    expect(isWholeKey(one.slice(0, -6) + other.slice(-6))).toBe(false);
  });

  it('is kept as a hash, and known by the beginning of that', () => {
    const key = newApiKey();
    expect(hashOfKey(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOfKey(key).startsWith(keyIdOf(hashOfKey(key)))).toBe(true);
    expect(keyIdOf(hashOfKey(key))).toMatch(/^[0-9a-f]{12}$/);
    expect(key.startsWith(shownOf(key))).toBe(true);
    expect(shownOf(key).length).toBe(12);
  });
});
