import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, formatKept, keepOneMore, NO_ATTEMPTS, parseKept } from './kept-attempts.js';

/** What a store has after attempts of these sizes: the place and the number of each that is kept. */
function storedAfter(sizes: readonly number[]) {
  const stored = new Map<number, { number: number; bytes: number }>();
  let kept = NO_ATTEMPTS;
  sizes.forEach((bytes, number) => {
    const next = keepOneMore(parseKept(formatKept(kept)), bytes);
    for (const place of next.dropped) expect(stored.delete(place)).toBe(true);
    expect(stored.has(next.place)).toBe(false);
    stored.set(next.place, { number, bytes });
    kept = next.kept;
  });
  return { stored: [...stored.values()], kept };
}

const numbers = (sizes: readonly number[]) => storedAfter(sizes).stored.map(({ number }) => number);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('keepOneMore', () => {
  it('keeps all that are few and small', () => {
    expect(numbers([300, 300, 300])).toEqual([0, 1, 2]);
  });

  it('keeps the first and the newest of many', () => {
    expect(numbers(range(0, 120))).toEqual([0, ...range(71, 120)]);
  });

  it('keeps the first and the newest of large ones, and goes up to 64 KiB', () => {
    expect(numbers(range(0, 64).map(() => 2048))).toEqual([0, ...range(33, 64)]);
    expect(numbers([2048, 40_000, 20_000, 3488])).toEqual([0, 1, 2, 3]);
    expect(numbers([2048, 40_000, 20_000, 3489])).toEqual([0, 2, 3]);
  });

  it('keeps the first and the newest, however large', () => {
    expect(numbers([100_000, 50, 100_000])).toEqual([0, 2]);
  });

  it('has in its books what is stored, and is never above the bounds with more than two', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30_000 }), { maxLength: 130 }), (sizes) => {
        const { stored, kept } = storedAfter(sizes);
        expect(kept).toEqual({ made: sizes.length, sizes: stored.map(({ bytes }) => bytes) });
        if (stored.length <= 2) return;
        expect(stored.length).toBeLessThanOrEqual(50);
        expect(bytesOf(kept)).toBeLessThanOrEqual(65_536);
        expect(stored[0]!.number).toBe(0);
        const newest = stored.slice(1).map(({ number }) => number);
        expect(newest).toEqual(range(sizes.length - newest.length, sizes.length));
      }),
    );
  });
});
