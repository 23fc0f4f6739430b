import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { at, find, render, type Values } from '../render.js';
import type { AlertCase, SeriesLine } from './alert-case.js';
import { ALERTS, type AlertRule, RULE_FILE, type RuleGroups, rulesIn } from './alert-rules.js';
import { DELIVERY_CASES } from './delivery-cases.js';
import { HELD, IDLE } from './calm-series.js';
import { PROCESS_CASES } from './process-cases.js';
import { promtool, type RuleTest, testRules, withFile } from './promtool.js';

const CASES = [...DELIVERY_CASES, ...PROCESS_CASES];
const PAGE = readFileSync('docs/operating/alerts.md', 'utf8');
/** The number that a rule ends in. */
const THRESHOLD = /[\d.]+(\s*)$/;
const names = ALERTS.map(({ alert }) => alert);

const ruleOf = (name: string): AlertRule => ALERTS.find(({ alert }) => alert === name)!;

function firing({ alert, says, labels = {} }: AlertCase, more: Record<string, string> = {}) {
  const { labels: own, annotations } = ruleOf(alert);
  return [
    { exp_labels: { ...own, ...labels, ...more }, exp_annotations: { ...annotations, description: says } },
  ];
}

const inNamespace = (namespace: string) => (line: SeriesLine) =>
  line.replace(/^([a-z0-9_]+)(?:\{([^ ]*)\})?(?= )/, (_, name: string, labels?: string) => {
    return `${name}{namespace="${namespace}"${labels === undefined ? '' : `,${labels}`}}`;
  });

/** As Compose has it, and in a namespace beside another one that is well. */
function firingTests(one: AlertCase): RuleTest[] {
  const { alert, fires, atMinute = 30, isOfNoNamespace = false, quiet } = one;
  const there = isOfNoNamespace ? {} : { namespace: 'there' };
  const well = isOfNoNamespace ? [] : (Object.values(quiet)[0] ?? []);
  const both = [...fires.map(inNamespace('there')), ...well.map(inNamespace('elsewhere'))];
  return [
    { name: `${alert} fires`, alert, atMinute, series: fires, firing: firing(one) },
    { name: `${alert} fires in its namespace`, alert, atMinute, series: both, firing: firing(one, there) },
  ];
}

function quietTests({ alert, quiet, atMinute = 30 }: AlertCase): RuleTest[] {
  return Object.entries(quiet).map(([what, series]) => {
    return { name: `${alert}: ${what}`, alert, atMinute, series, firing: [] };
  });
}

describe('the alerts', () => {
  it('are where the configuration of Compose looks for them, which Prometheus takes', () => {
    expect(promtool(['check', 'config', '--syntax-only', 'deploy/monitoring/prometheus.yml'])).toContain(
      'SUCCESS',
    );
  });

  it('are rules that Prometheus takes', () => {
    expect(promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULE_FILE])).toContain(
      `SUCCESS: ${ALERTS.length} rules found`,
    );
  });

  it.each(CASES)('fire when they should: $alert', (one) => {
    testRules(RULE_FILE, firingTests(one));
  });

  it.each(CASES.filter(({ quiet }) => Object.keys(quiet).length > 0))(
    'are quiet when they should be: $alert',
    (one) => {
      testRules(RULE_FILE, quietTests(one));
    },
  );

  it.each([
    ['there is nothing to do', IDLE],
    ['all that waits is held, as by a paused queue', [...IDLE, ...HELD]],
  ])('are quiet, all of them, when %s', (name, series) => {
    testRules(
      RULE_FILE,
      names.map((alert) => ({ name, alert, series, atMinute: 90, firing: [] })),
    );
  });

  it('are tested, each of them, both ways', () => {
    expect([...new Set(CASES.map(({ alert }) => alert))].toSorted()).toEqual(names.toSorted());
    const quiet = CASES.filter((one) => Object.keys(one.quiet).length > 0).map(({ alert }) => alert);
    expect(names.filter((name) => !quiet.includes(name))).toEqual([]);
  });

  it('are tested by something that notices a rule which never fires', () => {
    const text = readFileSync(RULE_FILE, 'utf8').replace(
      'taskqueue_active_workers) == 0',
      'taskqueue_active_workers) < 0',
    );
    withFile(text, (path) => {
      expect(() => {
        testRules(path, firingTests(CASES[0]!));
      }).toThrow(/alertname: TaskRunnerNoWorkers/);
    });
  });

  it('have each a section that says what to do, and each section an alert', () => {
    const sections = [...PAGE.matchAll(/^### (TaskRunner\w+)\n\n([^]*?)(?=^#|(?![^]))/gm)];
    expect(sections.map(([, name]) => name)).toEqual(names);
    for (const [, name, text] of sections) {
      expect(text, name).toMatch(/^- Look: /m);
      expect(text, name).toMatch(/^- Do: /m);
      expect(text?.includes('`threshold`'), name).toBe(THRESHOLD.test(ruleOf(name!).expr));
    }
  });

  it('wait before they fire, say how severe they are, and where to read on', () => {
    for (const { alert, for: waits, labels, annotations } of ALERTS) {
      expect([alert, waits]).toEqual([alert, expect.stringMatching(/^\d+m$/)]);
      expect(['critical', 'warning'], alert).toContain(labels['severity']);
      expect(annotations.runbook_url).toBe(`docs/operating/alerts.md#${alert.toLowerCase()}`);
      expect(Object.keys(annotations), alert).toEqual(['summary', 'description', 'runbook_url']);
    }
  });
});

const withThreshold = ALERTS.filter(({ expr }) => THRESHOLD.test(expr));

const rulesWith = (prometheusRule: Values): AlertRule[] => {
  const objects = render({ metrics: { prometheusRule: { enabled: true, ...prometheusRule } } });
  const spec = at(find(objects, 'PrometheusRule', 'task-runner-rules'), 'spec');
  return rulesIn(spec as RuleGroups);
};
const rendered = (prometheusRule: Values, name: string) =>
  rulesWith(prometheusRule).find(({ alert }) => alert === name);

describe('the PrometheusRule of the chart', () => {
  it('has the same rules, as long as no value says otherwise', () => {
    expect(rulesWith({})).toEqual(ALERTS);
  });

  it('takes another threshold for each that has one, and changes nothing else', () => {
    const alerts = Object.fromEntries(withThreshold.map(({ alert }) => [alert, { threshold: 1234567.5 }]));
    const changed = withThreshold.map((rule) => ({
      ...rule,
      expr: rule.expr.replace(THRESHOLD, '1234567.5$1'),
    }));
    expect(rulesWith({ alerts }).filter(({ alert }) => alert in alerts)).toEqual(changed);
  });

  it('takes how long, how severe, and whether there is one at all', () => {
    const alerts = {
      TaskRunnerTasksLate: { threshold: 900, for: '15m', severity: 'page' },
      TaskRunnerCircuitOpen: { enabled: false },
    };
    expect(rendered({ alerts }, 'TaskRunnerTasksLate')).toMatchObject({
      expr: expect.stringMatching(/> 900$/) as string,
      for: '15m',
      labels: { severity: 'page' },
    });
    const others = names.filter((name) => name !== 'TaskRunnerCircuitOpen');
    expect(rulesWith({ alerts }).map(({ alert }) => alert)).toEqual(others);
    withFile(stringify({ groups: [{ name: 'changed', rules: rulesWith({ alerts }) }] }), (path) => {
      expect(promtool(['check', 'rules', path])).toContain('SUCCESS');
    });
  });

  it('links the pages where they are, and adds labels for routing', () => {
    const changed = rulesWith({
      runbookUrl: 'https://wiki.example.com/alerts',
      alertLabels: { team: 'tasks' },
    });
    for (const { alert, annotations, labels } of changed) {
      expect(annotations.runbook_url).toBe(`https://wiki.example.com/alerts#${alert.toLowerCase()}`);
      expect(labels).toEqual({ ...ruleOf(alert).labels, team: 'tasks' });
    }
  });

  it.each([
    [{ TaskRunnerTaskLate: { for: '1m' } }, /there is no alert TaskRunnerTaskLate/],
    [{ TaskRunnerNoApi: { threshold: 3 } }, /TaskRunnerNoApi has no threshold/],
    [{ TaskRunnerNoApi: { for: 'soon' } }, /does not match pattern/],
    [{ TaskRunnerNoApi: { treshold: 3 } }, /'treshold' not allowed/],
  ])('refuses %j', (alerts, says) => {
    expect(() => rulesWith({ alerts })).toThrow(says);
  });
});
