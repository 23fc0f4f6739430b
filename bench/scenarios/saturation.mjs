import { measureUnder } from '../lib/measure.mjs';
import { Rig } from '../lib/rig.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';
import { range } from '../lib/report.mjs';
import { SYSTEMS } from '../systems/systems.mjs';

/** As much as goes through, with a bounded number of tasks on their way. */
export const FULL_LOAD = { connections: 64, window: 1000 };

/** @param {import('../lib/context.mjs').Context} context @returns {Promise<import('../lib/report.mjs').Section>} */
export async function saturation(context) {
  const figures = await measureAll(context, { ...FULL_LOAD, bodyBytes: context.options.body });
  const of = (name, pick) => figures[name].map(pick);
  const rate = ({ rate }) => rate;
  const cpu = ({ cpu }) => cpu.sum;
  const ratio = (name, pick) => ratioSpread(of('product', pick), of(name, pick));
  return {
    name: 'saturation',
    title: 'Saturation: as many tasks as go through',
    tables: [systemTable('Per task, enqueued, stored, fetched, called, settled', figures)],
    goals: [
      { name: 'rate / bare parts', value: ratio('bare', rate), bound: 'at least', limit: 0.6 },
      { name: 'CPU / bare parts', value: ratio('bare', cpu), bound: 'at most', limit: 2.2 },
      { name: 'rate / obvious build', value: ratio('obvious', rate), bound: 'at least', limit: 3.5 },
      { name: 'CPU / obvious build', value: ratio('obvious', cpu), bound: 'at most', limit: 0.25 },
    ],
    notes: [],
  };
}

/**
 * Measures each system once per round, in turn, every round beginning with another one.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @param {object} load see `Rig.enqueue`
 * @param {readonly string[]} [names]
 * @returns {Promise<Record<string, import('../lib/measure.mjs').Figures[]>>}
 */
export async function measureAll({ options, begin }, load, names = Object.keys(SYSTEMS)) {
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round) % names.length];
      begin(`round ${round + 1} of ${options.rounds}: ${SYSTEMS[name].label}`);
      figures[name].push(await measureOne(name, options, load));
    }
  }
  return figures;
}

async function measureOne(name, options, load) {
  const { concurrency, durable } = options;
  const profile = name === 'product' ? options.profile : undefined;
  return Rig.with([SYSTEMS[name], { concurrency, durable, profile }], async (rig) => {
    await rig.startBoth();
    return measureUnder(rig, load, options);
  });
}

/** @param {Record<string, import('../lib/measure.mjs').Figures[]>} figures of every round, by system */
export function systemTable(title, figures) {
  const rows = Object.entries(figures).map(([name, rounds]) => {
    const cell = (pick) => range(spread(rounds.map(pick)));
    return [
      SYSTEMS[name].label,
      cell(({ rate }) => rate),
      ...['api', 'worker', 'redis', 'sum'].map((process) => cell(({ cpu }) => cpu[process])),
      cell(({ p50 }) => p50),
      cell(({ p99 }) => p99),
      cell(({ bytes }) => bytes),
      cell(({ others }) => 100 * others),
    ];
  });
  const cpu = ['API', 'worker', 'Redis', 'sum'].map((process) => `CPU µs ${process}`);
  return {
    title,
    columns: ['system', 'tasks/s', ...cpu, 'p50 ms', 'p99 ms', 'Redis bytes', 'others %'],
    rows,
  };
}
