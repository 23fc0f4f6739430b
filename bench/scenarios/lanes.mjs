import { ask } from '../lib/ops.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { shares, spread } from '../lib/stats.mjs';
import { SYSTEMS } from '../systems/systems.mjs';

const WEIGHTS = { critical: 6, default: 3, low: 1 };
const SLOTS = [3, 30];
/** Long enough that the slots are what is scarce. */
const ANSWER_AFTER_MS = 5;
const MOST_SEC = 120;

/**
 * Three lanes with a backlog each; who gets the slots while all of them have work.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function lanes({ options, begin }) {
  const perLane = options.quick ? 200 : 3000;
  const measured = new Map(SLOTS.map((slots) => [slots, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const slots of SLOTS) {
      begin(`round ${round + 1} of ${options.rounds}: ${slots} slots, ${perLane} tasks in each lane`);
      measured.get(slots).push(await measureShares(options, slots, perLane));
    }
  }
  return {
    name: 'lanes',
    title: 'Lanes: shares of the starts while all have work',
    tables: [table(measured)],
    goals: [...measured].map(([slots, rounds]) => ({
      name: `${slots} slots: farthest lane from its share, in % of it`,
      value: spread(rounds.map(farthest)),
      bound: 'at most',
      limit: 3,
    })),
    notes: [],
  };
}

async function measureShares({ durable }, slots, perLane) {
  return Rig.with([SYSTEMS.product, { concurrency: slots, durable }], async (rig) => {
    await rig.startApi();
    for (const lane of Object.keys(WEIGHTS)) await rig.preload({ queue: lane, label: lane, total: perLane });
    await ask(rig.target, 'answerAfter', ANSWER_AFTER_MS);
    // Those in flight when a lane runs dry were started while it had work, so that the last few do not count.
    await ask(rig.target, 'arm', perLane - slots);
    await rig.startWorker();
    const atLimit = () => ask(rig.target, 'countsAtLimit');
    await rig.until(atLimit, MOST_SEC, 'lane ran dry');
    const counts = await atLimit();
    return shares(Object.fromEntries(Object.keys(WEIGHTS).map((lane) => [lane, counts[lane] ?? 0])));
  });
}

const DUE = shares(WEIGHTS);

function farthest(measured) {
  return Math.max(
    ...Object.keys(DUE).map((lane) => (100 * Math.abs(measured[lane] - DUE[lane])) / DUE[lane]),
  );
}

function table(measured) {
  const names = Object.keys(WEIGHTS);
  const percent = (rounds, lane) => range(spread(rounds.map((round) => 100 * round[lane])));
  return {
    title: 'Share of the starts in %; due are 60, 30 and 10',
    columns: ['slots', ...names],
    rows: [...measured].map(([slots, rounds]) => [
      String(slots),
      ...names.map((lane) => percent(rounds, lane)),
    ]),
  };
}
