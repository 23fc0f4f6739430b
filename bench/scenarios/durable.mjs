import { measureUnder } from '../lib/measure.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';
import { SYSTEMS } from '../systems/systems.mjs';
import { FULL_LOAD } from './saturation.mjs';

const KINDS = [
  { label: 'in memory only' },
  { label: 'on disk before it is answered', durable: true },
  { label: 'on a replica before it is answered', replicated: true },
];

/**
 * What it costs that every write is on disk, or on a replica, before it is answered.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function durable({ options, begin }) {
  const { concurrency, body } = options;
  const figures = KINDS.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, { label, ...kind }] of KINDS.entries()) {
      begin(`round ${round + 1} of ${options.rounds}: Redis ${label}`);
      const makings = [SYSTEMS.product, { concurrency, ...kind }];
      const figure = await Rig.with(makings, async (rig) => {
        await rig.startBoth();
        return measureUnder(rig, { ...FULL_LOAD, bodyBytes: body }, options);
      });
      figures[at].push(figure);
    }
  }
  const rates = figures.map((rounds) => rounds.map(({ rate }) => rate));
  return {
    name: 'durable',
    title: 'Durability: at saturation, with and without',
    tables: [table(figures)],
    goals: [
      {
        name: 'rate on disk / in memory',
        value: ratioSpread(rates[1], rates[0]),
        bound: 'at least',
        limit: 0.6,
      },
      {
        name: 'rate on a replica / in memory',
        value: ratioSpread(rates[2], rates[0]),
        bound: 'at least',
        limit: 0.6,
      },
    ],
    notes: [
      'The disk is the one with the folder for temporary files.',
      'The replica runs on the same processors, and its time is part of the sum.',
    ],
  };
}

function table(figures) {
  const cell = (rounds, pick) => range(spread(rounds.map(pick)));
  const rows = figures.map((rounds, at) => [
    KINDS[at].label,
    cell(rounds, ({ rate }) => rate),
    cell(rounds, ({ cpu }) => cpu.sum),
    cell(rounds, ({ p50 }) => p50),
    cell(rounds, ({ p99 }) => p99),
  ]);
  return { title: 'Task Runner', columns: ['Redis', 'tasks/s', 'CPU µs sum', 'p50 ms', 'p99 ms'], rows };
}
