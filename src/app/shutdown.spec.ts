import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { runInOrder } from './shutdown.js';

beforeAll(() => {
  Logger.overrideLogger(false);
});

describe('runInOrder', () => {
  it('runs one step after the other, also past one that fails', async () => {
    const seen: string[] = [];
    const step = (name: string, fail = false) =>
      [
        name,
        async () => {
          await Promise.resolve();
          seen.push(name);
          if (fail) throw new Error('no');
        },
      ] as const;
    expect(await runInOrder([step('a'), step('b', true), step('c')], 1000)).toBe(true);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('gives up at the deadline and does not begin what comes after', async () => {
    let began = false;
    const hangs = ['hangs', () => new Promise<void>(() => undefined)] as const;
    const after = ['after', () => Promise.resolve((began = true))] as const;
    expect(await runInOrder([hangs, after], 10)).toBe(false);
    expect(began).toBe(false);
  });
});
