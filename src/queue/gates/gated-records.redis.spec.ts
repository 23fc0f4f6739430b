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
      { key: '{tr}:odd', fieldOf: (name) => name, of: ({ count }) => (count % 2 === 1 ? String(count) : '') },
      { key: '{tr}:squares', fieldOf: (name) => `of ${name}`, of: ({ count }) => String(count * count) },
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
  expect(await extracts()).toEqual([{ one: '1' }, { 'of one': '1' }]);
  await increment('one');
  expect(await extracts()).toEqual([{}, { 'of one': '4' }]);
});

it('a change that throws changes nothing', async () => {
  await increment('one');
  const refused = records.change('one', () => {
    throw new Error('no such thing');
  });
  await expect(refused).rejects.toThrow('no such thing');
  expect(await records.find('one')).toEqual({ count: 1 });
});

it('a change has its line in the audit log, and one that loses the race has one as well', async () => {
  const line = (before?: object, after?: object) => JSON.stringify([before ?? null, after]);
  const change = () => records.change('one', (before) => ({ count: (before?.count ?? 0) + 1 }), line);
  await Promise.all([change(), change()]);
  const lines = await harness.redis.xrange('{tr}:audit', '-', '+');
  expect(lines.map(([, fields]) => fields)).toEqual([
    ['line', '[null,{"count":1}]'],
    ['line', '[{"count":1},{"count":2}]'],
  ]);
});
