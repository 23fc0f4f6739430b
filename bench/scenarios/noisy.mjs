import { setTimeout as sleep } from 'node:timers/promises';
import { measureUnder } from '../lib/measure.mjs';
import { ask } from '../lib/ops.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';
import { ADMIN_KEY, SYSTEMS } from '../systems/systems.mjs';

/** Its tier lets it run one task at a time. */
const NOISY = 'noisy-client';
const QUIET = { clientId: 'quiet-client', label: 'quiet', perSecond: 200, connections: 16 };
const TITLE = 'Noisy neighbour: a client with a long backlog and one slot, beside a quiet one';
/** The noisy client's tasks take a moment, so that its cap is what holds them. */
const ANSWER_AFTER_MS = 5;

/** @param {import('../lib/context.mjs').Context} context @returns {Promise<import('../lib/report.mjs').Section>} */
export async function noisy({ options, begin }) {
  const backlog = options.quick ? 2000 : 100_000;
  const rounds = [];
  for (let round = 0; round < options.rounds; round++) {
    begin(`round ${round + 1} of ${options.rounds}: ${backlog} tasks of one client`);
    const measured = await measureBoth(options, backlog);
    if (!measured) return notSupported();
    rounds.push(measured);
  }
  const p99 = (pick) => rounds.map((round) => pick(round).p99);
  const ratio = ratioSpread(
    p99(({ beside }) => beside),
    p99(({ alone }) => alone),
  );
  return {
    name: 'noisy',
    title: TITLE,
    tables: [table(rounds, backlog)],
    goals: [{ name: 'p99 beside the noisy client / alone', value: ratio, bound: 'at most', limit: 2 }],
    notes: [],
  };
}

async function measureBoth(options, backlog) {
  const { concurrency, durable, body } = options;
  const load = { ...QUIET, bodyBytes: body };
  return Rig.with([SYSTEMS.product, { concurrency, durable }], async (rig) => {
    await rig.startBoth();
    await ask(rig.target, 'answerAfter', ANSWER_AFTER_MS);
    const alone = await measureUnder(rig, load, options);
    await rig.stopWorker();
    await rig.preload({ clientId: NOISY, label: 'noisy', total: backlog, bodyBytes: body });
    // Only now: its tier also says how many it may enqueue in a minute.
    if (!(await limitNoisyClient(rig.origin))) return undefined;
    await rig.startWorker();
    await sleep(options.warmup * 1000);
    return { alone, beside: await measureUnder(rig, load, options) };
  });
}

/** @returns {Promise<boolean>} false when the product has no such route */
async function limitNoisyClient(origin) {
  const response = await fetch(`${origin}/admin/clients/set`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-admin-key': ADMIN_KEY },
    body: JSON.stringify({ client_id: NOISY, tier: 'free', enabled: true }),
  });
  const answer = await response.text();
  if (response.status === 404) return false;
  if (!response.ok) throw new Error(`/admin/clients/set answered ${response.status}: ${answer}`);
  return true;
}

function notSupported() {
  return { name: 'noisy', title: TITLE, tables: [], goals: [], notes: ['Not supported by this build.'] };
}

function table(rounds, backlog) {
  const row = (label, pick) => [
    label,
    range(spread(rounds.map((round) => pick(round).p50))),
    range(spread(rounds.map((round) => pick(round).p99))),
  ];
  return {
    title: `The quiet client, ${QUIET.perSecond} tasks a second, from enqueue to target`,
    columns: ['', 'p50 ms', 'p99 ms'],
    rows: [
      row('alone', ({ alone }) => alone),
      row(`beside ${backlog} tasks of the other`, ({ beside }) => beside),
    ],
  };
}
