import { createServer } from 'node:http';
import { measureUnder } from '../lib/measure.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';
import { SYSTEMS } from '../systems/systems.mjs';
import { FULL_LOAD } from './saturation.mjs';

const NO_METRICS = new URL('../lib/no-metrics.mjs', import.meta.url);
/** Prometheus asks every 15 s where it asks often. */
const SCRAPE_EVERY_MS = 5000;
/** Half of what goes through. */
const STEADY = { connections: 64, perSecond: 3000 };

/**
 * What it costs to be seen: the product without its metrics, as it is while somebody scrapes it every five seconds, and besides with
 * one trace of a hundred.
 *
 * @param {import('../lib/context.mjs').Context} context @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function observe(context) {
  const collector = await startCollector();
  try {
    return await compare(context, variants(collector.address().port));
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
}

async function compare({ options, begin }, systems) {
  const names = Object.keys(systems);
  const none = () => Object.fromEntries(names.map((name) => [name, []]));
  const [full, steady] = [none(), none()];
  for (let round = 0; round < options.rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round) % names.length];
      begin(`round ${round + 1} of ${options.rounds}: ${systems[name].label}`);
      full[name].push(await measureOne(systems[name], name, { options, load: FULL_LOAD }));
      steady[name].push(await measureOne(systems[name], name, { options, load: STEADY }));
    }
  }
  return {
    name: 'observe',
    title: 'Being seen: metrics and traces',
    tables: [
      table('At saturation, per task', systems, full),
      table(`At ${STEADY.perSecond} tasks a second, per task`, systems, steady),
    ],
    goals: [...goals('at saturation', full), ...goals('steadily', steady)],
    notes: [
      'At saturation it is the slower half that says how many tasks the other one gets at once, and a task costs less the more of them share a round trip: what is measured there is that, too. At a steady rate all three get their tasks alike.',
    ],
  };
}

function goals(when, figures) {
  const cpu = (name) => figures[name].map((of) => of.cpu.api + of.cpu.worker);
  const goal = (what, [name, without], limit) => ({
    name: `CPU of Node with ${what} / without, ${when}`,
    value: ratioSpread(cpu(name), cpu(without)),
    bound: 'at most',
    limit,
  });
  return [goal('metrics', ['product', 'blind'], 1.03), goal('1 % of traces', ['traced', 'product'], 1.1)];
}

function variants(collectorPort) {
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `127.0.0.1:${collectorPort}`,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  };
  return {
    blind: withEnv('without metrics', { NODE_OPTIONS: `--import=${NO_METRICS.href}` }),
    product: withEnv('with metrics', {}),
    traced: withEnv('with metrics and 1 % of traces', tracing),
  };
}

function withEnv(label, env) {
  const { api, worker } = SYSTEMS.product;
  const half = (of) => ({ ...of, env: { ...of.env, ...env } });
  return { label, api: half(api), worker: half(worker) };
}

async function measureOne(system, name, { options, load }) {
  const { concurrency, durable } = options;
  const profile = options.profile && `${options.profile}/${name}`;
  return Rig.with([system, { concurrency, durable, profile }], async (rig) => {
    await rig.startBoth();
    const scrapes = name === 'blind' ? undefined : setInterval(() => void scrape(rig), SCRAPE_EVERY_MS);
    try {
      return await measureUnder(rig, { ...load, bodyBytes: options.body }, options);
    } finally {
      clearInterval(scrapes);
    }
  });
}

/** As Prometheus does, only more often. */
async function scrape({ origin, workerOrigin }) {
  for (const each of [origin, workerOrigin]) {
    await fetch(`${each}/metrics`).then(
      (answer) => answer.text(),
      () => undefined,
    );
  }
}

/** Takes traces and looks at none. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function table(title, systems, figures) {
  const rows = Object.entries(figures).map(([name, rounds]) => {
    const cell = (pick) => range(spread(rounds.map(pick)));
    return [
      systems[name].label,
      cell(({ rate }) => rate),
      ...['api', 'worker', 'redis', 'sum'].map((process) => cell(({ cpu }) => cpu[process])),
      cell(({ p99 }) => p99),
      cell(({ others }) => 100 * others),
    ];
  });
  const cpu = ['API', 'worker', 'Redis', 'sum'].map((process) => `CPU µs ${process}`);
  return { title, columns: ['product', 'tasks/s', ...cpu, 'p99 ms', 'others %'], rows };
}
