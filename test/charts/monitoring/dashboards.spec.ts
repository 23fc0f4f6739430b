import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, render } from '../render.js';
import { DASHBOARDS, type Panel } from './dashboard-files.js';

const all = [...DASHBOARDS];
const uids = new Set(all.map(([, { uid }]) => uid));
const panelsOf = (panels: readonly Panel[]) => panels.filter(({ type }) => type !== 'row');

describe('the dashboards', () => {
  it('are of the fleet, a queue, a client, a host, and Redis', () => {
    expect([...DASHBOARDS.keys()].toSorted()).toEqual(['client', 'host', 'overview', 'queue', 'redis']);
  });

  it.each(all)(
    '%s: has a fixed address, no number of a database, and the schema of Grafana 12',
    (name, board) => {
      expect(board).toMatchObject({ uid: `task-runner-${name}`, schemaVersion: 41 });
      expect(board).not.toHaveProperty('id');
      expect(board.links).toHaveLength(1);
    },
  );

  it.each(all)('%s: says of each panel what it shows, in which unit, and what to do', (_name, { panels }) => {
    for (const { title, description = '', fieldConfig, targets = [] } of panelsOf(panels)) {
      expect(title.length, title).toBeGreaterThan(3);
      expect(description.length, title).toBeGreaterThan(25);
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(targets.length, title).toBeGreaterThan(0);
    }
    const titles = panelsOf(panels).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each(all)(
    '%s: asks the data source that is chosen, for the installation that is chosen',
    (_name, board) => {
      for (const { title, datasource, targets = [] } of panelsOf(board.panels)) {
        for (const source of [datasource, ...targets.map((target) => target.datasource)])
          expect(source?.uid, title).toBe('${datasource}');
        for (const { expr } of targets)
          for (const [, labels] of expr.matchAll(/\b(?:taskqueue|nodejs|process)_\w+(\{[^}]*\})?/g))
            expect(labels, expr).toContain('namespace=~"$namespace", job=~"$job"');
      }
      expect(board.templating.list.map(({ name }) => name).slice(0, 3)).toEqual([
        'datasource',
        'namespace',
        'job',
      ]);
    },
  );

  it.each(all)('%s: places panels beside and below each other', (_name, { panels }) => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.each(all)('%s: links dashboards that there are, and variables that they have', (_name, { panels }) => {
    for (const { url } of panels.flatMap(({ fieldConfig }) => fieldConfig?.defaults.links ?? [])) {
      const [, uid = '', variable = ''] = /^\/d\/([a-z-]+)\?var-(\w+)=/.exec(url) ?? [];
      expect(uids).toContain(uid);
      const target = all.find(([, board]) => board.uid === uid)![1];
      expect(target.templating.list.map(({ name }) => name)).toContain(variable);
    }
  });

  it('answers in the first row of the overview what is asked first', () => {
    const first = DASHBOARDS.get('overview')!.panels.filter(({ gridPos }) => gridPos.y === 0);
    expect(first.map(({ title }) => title)).toEqual([
      'Are tasks delivered?',
      'How late are they?',
      'Is anything stuck?',
      'Who causes it?',
    ]);
  });
});

describe('where they go', () => {
  it('is a ConfigMap for each, with the label and the annotation that the sidecar of Grafana looks for', () => {
    const dashboards = {
      enabled: true,
      labels: { sidecar: 'yes' },
      annotations: { grafana_folder: 'Tasks' },
    };
    const maps = render({ metrics: { dashboards } }).filter(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.labels?.['sidecar'] === 'yes',
    );
    expect(maps.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      [...DASHBOARDS.keys()].toSorted().map((name) => `task-runner-dashboard-${name}`),
    );
    for (const map of maps) {
      const [[file, text]] = Object.entries(map['data'] as Record<string, string>) as [[string, string]];
      expect(JSON.parse(text)).toEqual(DASHBOARDS.get(file.replace('.json', '')));
      expect(at(map, 'metadata.annotations')).toEqual({ grafana_folder: 'Tasks' });
    }
  });

  it('is a folder that Compose mounts, where Grafana looks, with the data source that they choose by themselves', () => {
    const compose = parse(readFileSync('docker-compose.yml', 'utf8')) as object;
    const mounts = (service: string) =>
      (at(compose, `services.${service}.volumes`) as string[]).map((volume) => volume.split(':'));
    const inGrafana = new Map(mounts('grafana').map(([from, to]) => [from, to]));
    const provided = (file: string): unknown =>
      parse(readFileSync(`deploy/monitoring/grafana/${file}`, 'utf8')) as unknown;
    expect(inGrafana.get('./charts/task-runner/dashboards')).toBe(
      at(provided('dashboards.yml'), 'providers.0.options.path'),
    );
    expect(at(provided('datasources.yml'), 'datasources.0')).toMatchObject({
      type: 'prometheus',
      isDefault: true,
    });
    const home = at(compose, 'services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH');
    expect(home).toBe('/var/lib/grafana/dashboards/overview.json');
    const rules = at(
      parse(readFileSync('deploy/monitoring/prometheus.yml', 'utf8')),
      'rule_files.0',
    ) as string;
    expect(mounts('prometheus').map(([from, to]) => `${from} ${to}/*.yaml`)).toContain(
      `./charts/task-runner/alerts ${rules}`,
    );
  });
});
