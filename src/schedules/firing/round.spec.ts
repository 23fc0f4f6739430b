import { Logger } from '@nestjs/common';
import { beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { until } from '../../../test/support/until.js';
import { Round } from './round.js';

beforeAll(() => {
  Logger.overrideLogger(false);
});

it('is silent for as long as it completes nothing, from when it was begun', async () => {
  const clock = new ManualClock();
  let isBroken = true;
  let rounds = 0;
  const round = new Round(clock, 'breaking', () => {
    rounds++;
    return isBroken ? Promise.reject(new Error('no')) : Promise.resolve(1000);
  });
  expect(round.silentMs).toBe(0);
  round.start();
  const again = async () => {
    const before = rounds;
    await until(() => {
      clock.advance(1000);
      return rounds > before + 1;
    });
  };
  await again();
  await until(() => round.silentMs > 50);
  const silent = round.silentMs;
  await again();
  expect(round.silentMs).toBeGreaterThanOrEqual(silent);
  isBroken = false;
  await again();
  expect(round.silentMs).toBeLessThan(silent);
  await round.stop();
});
