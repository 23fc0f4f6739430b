import { register } from 'prom-client';
import { expect, it } from 'vitest';
import { readExposition } from '../../test/support/scrape.js';
import { type MetricDefinition, readAtScrape } from './metric.js';

const definition = (name: string, type: MetricDefinition['type'], label?: string): MetricDefinition => ({
  ...{ name, type, help: 'of this test', role: 'both' },
  labels: label === undefined ? {} : { [label]: 'two' },
});

it.each(['counter', 'gauge'] as const)('a %s tells the same to scrapers that ask at once', async (type) => {
  readAtScrape(definition(`at_once_${type}`, type), () => Promise.resolve([[7]]));
  const scrapes = await Promise.all(Array.from({ length: 5 }, () => register.metrics()));
  expect(scrapes.map((text) => readExposition(text).sum(`at_once_${type}`))).toEqual([7, 7, 7, 7, 7]);
});

it('what cannot be read any more has no value, neither the old one nor 0', async () => {
  const values = [[[3]], []] as const;
  let scrapes = 0;
  readAtScrape(definition('seen_once', 'gauge'), () => values[scrapes++] ?? []);
  expect(readExposition(await register.metrics()).series('seen_once')).toEqual([{ labels: {}, value: 3 }]);
  expect(readExposition(await register.metrics()).series('seen_once')).toEqual([]);
});

it('a value of a label that is gone is gone from the next scrape', async () => {
  const names = ['a', 'b'];
  readAtScrape(definition('by_name', 'gauge', 'name'), () => [[1, { name: names.shift() ?? '' }]]);
  await register.metrics();
  expect(readExposition(await register.metrics()).series('by_name')).toEqual([
    { labels: { name: 'b' }, value: 1 },
  ]);
});
