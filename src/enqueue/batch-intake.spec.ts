import { expect, it } from 'vitest';
import type { Problems } from '../http/problems.js';
import type { BatchBounds } from './batch-bounds.js';
import { BatchIntake } from './batch-intake.js';
import type { Intake } from './intake.js';

it('lets others be served while it reads a large batch', async () => {
  const bounds = {
    refusals: () => Promise.resolve(new Map()),
    requireSize: () => undefined,
  } as unknown as BatchBounds;
  const intake = new BatchIntake(bounds, {} as Intake, {} as Problems);
  const headers = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`x-${n}`, 1]));
  const tasks = Array.from({ length: 1000 }, () => ({
    client_id: 'a',
    task: { url: 'http://a.example/', headers },
  }));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const results = await intake.takeEach(tasks, { principal: { kind: 'anybody' }, headers: {} } as never);
  clearInterval(timer);
  expect(results.every(({ kind }) => kind === 'refused')).toBe(true);
  expect(turns).toBeGreaterThan(1);
});
