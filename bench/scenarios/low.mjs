import { spread } from '../lib/stats.mjs';
import { measureAll, systemTable } from './saturation.mjs';

const PER_SECOND = 50;

/** @param {import('../lib/context.mjs').Context} context @returns {Promise<import('../lib/report.mjs').Section>} */
export async function low(context) {
  const load = { connections: 8, perSecond: PER_SECOND, bodyBytes: context.options.body };
  const figures = await measureAll(context, load, context.options.quick ? ['product'] : undefined);
  const product = (pick) => spread(figures.product.map(pick));
  return {
    name: 'low',
    title: `Low load: ${PER_SECOND} tasks a second`,
    tables: [systemTable('From the enqueue request to the target', figures)],
    goals: [
      { name: 'p50 ms', value: product(({ p50 }) => p50), bound: 'at most', limit: 3 },
      { name: 'p99 ms', value: product(({ p99 }) => p99), bound: 'at most', limit: 20 },
    ],
    notes: ['CPU per task at this load includes what the processes do while nothing comes.'],
  };
}
