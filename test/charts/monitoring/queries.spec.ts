import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/metrics/catalogue.js';
import { ALERTS, RULE_FILE } from './alert-rules.js';
import { DASHBOARDS } from './dashboard-files.js';
import { Prometheus } from './prometheus.js';
import { type Known, type Node, QueryCheck } from './promql.js';
import { promtool } from './promtool.js';
import { HELD_TASKS, MonitoredProduct } from './monitored-product.js';

/** What is empty while all is well, or here. */
const MAY_BE_EMPTY = [/\bALERTS\b/];

let product: MonitoredProduct;
let prometheus: Prometheus;
let known: Known;

beforeAll(async () => {
  product = await MonitoredProduct.start();
  prometheus = await Prometheus.start(product.jobs, RULE_FILE);
  await product.makeTraffic();
  known = await knownTo(prometheus);
}, 180_000);

afterAll(async () => {
  await prometheus.stop();
  await product.stop();
});

/** Every series that Prometheus has, by metric and label; and those of its own. */
async function knownTo(server: Prometheus): Promise<Known> {
  const all = await server.ask<Readonly<Record<string, string>>[]>('series', { 'match[]': '{job=~".+"}' });
  const found = new Map<string, Map<string, Set<string>>>();
  for (const { __name__: name = '', ...labels } of all) {
    const ofMetric = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, ofMetric);
    for (const [label, value] of Object.entries(labels))
      ofMetric.set(label, (ofMetric.get(label) ?? new Set()).add(value));
  }
  addValuesOfCatalogue(found);
  found.set('ALERTS', ofAlerts());
  return found;
}

/** Values that do not come about here, as that of an attempt that was cut off, count when the catalogue names them. */
function addValuesOfCatalogue(found: Map<string, Map<string, Set<string>>>): void {
  for (const { name, labels, help } of CATALOGUE.flatMap(({ metrics }) => metrics))
    for (const [label, bound] of Object.entries(labels)) {
      const words = `${bound} ${help}`.match(/[a-z_]+/g) ?? [];
      const known = ['', '_bucket', '_count', '_sum'].flatMap(
        (end) => found.get(name + end)?.get(label) ?? [],
      );
      known.forEach((values) => {
        words.forEach((word) => values.add(word));
      });
    }
}

function ofAlerts(): Map<string, Set<string>> {
  return new Map([
    ['alertname', new Set(ALERTS.map(({ alert }) => alert))],
    ['alertstate', new Set(['pending', 'firing'])],
    ['severity', new Set(ALERTS.map(({ labels }) => labels['severity'] ?? ''))],
  ]);
}

/** A query as Grafana sends it, with what somebody has chosen. */
const chosen = (query: string): string =>
  Object.entries(product.choices).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), query);

/** What is wrong with a query, and with who uses the labels of what it gives. */
async function faultsIn(query: string, uses: readonly string[] = []): Promise<string[]> {
  const check = new QueryCheck(known);
  const labels = check.labelsOf(await prometheus.ask<Node>('parse_query', { query }));
  check.require(labels, uses, 'what is shown');
  return check.faults;
}

const namesIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name!);

const panels = [...DASHBOARDS].flatMap(([board, { panels: all }]) =>
  all.flatMap(({ title, targets = [], fieldConfig }) =>
    targets.map(({ expr, legendFormat }) => {
      const links = (fieldConfig?.defaults.links ?? []).map(({ url }) => url).join();
      const uses = [...namesIn(legendFormat, /\{\{(\w+)\}\}/g), ...namesIn(links, /__field\.labels\.(\w+)/g)];
      return { panel: `${board}: ${title}`, expr, uses };
    }),
  ),
);
const variables = [...DASHBOARDS].flatMap(([board, { templating }]) =>
  templating.list.flatMap(({ name, definition }) =>
    definition ? [{ variable: `${board}: ${name}`, definition }] : [],
  ),
);

describe('every panel', () => {
  it.each(panels)('asks for what there is, and gets it: $panel: $expr', async ({ expr, uses }) => {
    const query = chosen(expr);
    expect(query).not.toContain('$');
    expect(await faultsIn(query, uses)).toEqual([]);
    const samples = await prometheus.query(query);
    if (!MAY_BE_EMPTY.some((pattern) => pattern.test(query))) expect(samples.length).toBeGreaterThan(0);
  });
});

describe('every variable', () => {
  it.each(variables)('lists what there is: $variable', async ({ definition }) => {
    const [, values = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(chosen(definition)) ?? [];
    expect(await faultsIn(values, [label])).toEqual([]);
    const found = await prometheus.ask<string[]>(`label/${label}/values`, { 'match[]': values });
    expect(found.length).toBeGreaterThan(0);
  });
});

describe('every annotation and rule', () => {
  it.each([...DASHBOARDS])('asks for what there is: %s', async (_name, { annotations }) => {
    for (const { expr } of annotations.list) expect(await faultsIn(expr, ['alertname'])).toEqual([]);
  });

  it.each(ALERTS)('asks for what there is, and tells of labels that there are: $alert', async (rule) => {
    const { expr, annotations } = rule;
    expect(await faultsIn(expr, namesIn(annotations.description, /\$labels\.(\w+)/g))).toEqual([]);
    for (const query of namesIn(annotations.description, /query "(.+?)" \}\}/g)) {
      const shown = namesIn(annotations.description, /\{\{ \.Labels\.(\w+) \}\}/g);
      expect(await faultsIn(query.replaceAll('\\"', '"'), shown)).toEqual([]);
    }
  });

  it('is evaluated by Prometheus without a fault', async () => {
    const { groups } = await prometheus.ask<{ groups: { rules: { name: string; health: string }[] }[] }>(
      'rules',
    );
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ name, health }) => `${name} ${health}`).toSorted()).toEqual(
      ALERTS.map(({ alert }) => `${alert} ok`).toSorted(),
    );
  });

  it.each([
    [
      'a metric that there is not',
      'sum(taskqueue_task_submitted_total)',
      [],
      'there is no metric taskqueue_task_submitted_total',
    ],
    ['a label that it has not', 'sum by (host) (taskqueue_dlq_size)', [], 'sum by: there is no label host'],
    ['a label in braces', 'taskqueue_dlq_size{lane="low"}', [], 'taskqueue_dlq_size has no label lane'],
    [
      'a value that it never has',
      'taskqueue_circuits{state="opened"}',
      [],
      'taskqueue_circuits: state is never opened',
    ],
    [
      'one of several values',
      'taskqueue_attempts_total{class=~"rejected|failed"}',
      [],
      'taskqueue_attempts_total: class is never rejected|failed',
    ],
    ['a label that is gone', 'sum(taskqueue_circuits)', ['state'], 'what is shown: there is no label state'],
  ])('would not pass with %s', async (_what, query, uses, fault) => {
    expect(await faultsIn(query, uses)).toEqual([fault]);
  });
});

describe('what a paused queue holds', () => {
  it('is neither late nor runnable, so that no alert takes it for that', async () => {
    const one = async (query: string) => Number((await prometheus.query(query))[0]?.value[1]);
    expect(await one('max(taskqueue_deferred_tasks{gate="queue"})')).toBe(HELD_TASKS);
    expect(await one('max(taskqueue_queue_oldest_seconds{priority="low"})')).toBe(0);
    expect(await one('max(taskqueue_queue_depth{priority="low", state="pending"})')).toBe(0);
    expect(await one('max(taskqueue_runnable_tasks)')).toBeLessThan(HELD_TASKS);
  });
});

describe('/metrics', () => {
  it.each(['api', 'worker'] as const)('of the %s is as Prometheus wants it', async (role) => {
    const text = await product.metricsOf(role);
    expect(text).toContain('taskqueue_build_info');
    expect(promtool(['check', 'metrics'], text)).toBe('');
  });
});
