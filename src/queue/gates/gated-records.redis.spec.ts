import { afterEach, beforeEach, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { GatedRecords } from './gated-records.js';

interface Counter {
  readonly count: number;
}

let harness: QueueHarness;
let records: GatedRecords<Counter>;
beforeEach(async () => {
  harness = await QueueHarness.start();
  records = new GatedRecords<Counter>(harness.redis, harness.gates, {
    key: '{tr}:counters',
    gateOf: (name) => `q:${name}`,
    limitsOf: ({ count }) => ({ maxRunning: count }),
    extracts: [
      { key: '{tr}:odd', of: ({ count }) => (count % 2 === 1 ? String(count) : '') },
      { key: '{tr}:squares', of: ({ count }) => String(count * count) },
    ],
  });
});
afterEach(async () => {
  await harness.stop();
});

const increment = (name: string) => records.change(name, (before) => ({ count: (before?.count ?? 0) + 1 }));

it('changes at the same time are all made, and the gate is as the last one says', async () => {
  await Promise.all(Array.from({ length: 20 }, () => increment('one')));
  expect(await records.find('one')).toEqual({ count: 20 });
  expect(await harness.redis.hget('{tr}:gates', 'q:one')).toBe('0;;20;;');
});

it('what the scripts need of a record changes with it, and goes when there is nothing to say', async () => {
  const extracts = () => Promise.all(['odd', 'squares'].map((name) => harness.redis.hgetall(`{tr}:${name}`)));
  await increment('one');
  expect(await extracts()).toEqual([{ one: '1' }, { one: '1' }]);
  await increment('one');
  expect(await extracts()).toEqual([{}, { one: '4' }]);
});

it('a change that throws changes nothing', async () => {
  await increment('one');
  const refused = records.change('one', () => {
    throw new Error('no such thing');
  });
  await expect(refused).rejects.toThrow('no such thing');
  expect(await records.find('one')).toEqual({ count: 1 });
});

it('pages are in the order of the names, and the last one has no next', async () => {
  for (const name of ['b', 'c', 'a', 'd']) await increment(name);
  const first = await records.page(2);
  expect(first.records.map(([name]) => name)).toEqual(['a', 'b']);
  expect(first.next).toBe('b');
  const second = await records.page(2, first.next);
  expect(second.records.map(([name]) => name)).toEqual(['c', 'd']);
  expect(second).not.toHaveProperty('next');
});
