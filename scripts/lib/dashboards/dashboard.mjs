import { chosen, DATASOURCE } from './panels.mjs';

/** Of Grafana 12. */
const SCHEMA = 41;
const COLUMNS = 24;
const TAG = 'task-runner';
const ALL = { text: 'All', value: '$__all' };

/**
 * A dashboard: panels stand side by side as long as there is room.
 *
 * @param {object} content
 * @param {string} content.name of the file; part of the address
 * @param {object[]} [content.variables] besides those that choose the installation
 * @param {{ title?: string, panels: object[] }[]} content.rows
 */
export function dashboard({ name, title, about, variables = [], rows }) {
  return {
    uid: `${TAG}-${name}`,
    title: `Task Runner / ${title}`,
    description: about,
    tags: [TAG],
    schemaVersion: SCHEMA,
    version: 1,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    refresh: '30s',
    links: [toTheOthers()],
    annotations: { list: [firingAlerts()] },
    templating: { list: [...common(), ...variables] },
    panels: placed(rows),
  };
}

/** A list to choose from. @param {string} values metric with labels that has them */
export function variable({ name, label, about, values, wanted = name, ...more }) {
  const query = `label_values(${chosen(values)}, ${wanted})`;
  return { ...asked(name, query), label, description: about, ...more };
}

/** Several, or all. */
export const several = { multi: true, includeAll: true, allValue: '.*', current: ALL };

function asked(name, query) {
  return {
    type: 'query',
    name,
    datasource: DATASOURCE,
    definition: query,
    query: { qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
    // When the range of time changes: a list of what there was then.
    refresh: 2,
    regex: '',
    sort: 1,
    multi: false,
    includeAll: false,
    options: [],
  };
}

function common() {
  const source = {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    query: 'prometheus',
    refresh: 1,
    regex: '',
    multi: false,
    includeAll: false,
    options: [],
  };
  const namespace = {
    ...asked('namespace', 'label_values(taskqueue_build_info, namespace)'),
    ...several,
    label: 'Namespace',
    description: 'Of Kubernetes. Nothing to choose where targets have none.',
  };
  const job = {
    ...asked('job', 'label_values(taskqueue_build_info{namespace=~"$namespace"}, job)'),
    label: 'Job',
    description:
      'Jobs of Prometheus that scrape Task Runner: all of one installation, its API and its workers.',
    multi: true,
    includeAll: true,
    current: ALL,
  };
  return [source, namespace, job];
}

function toTheOthers() {
  return {
    type: 'dashboards',
    title: 'Task Runner',
    tags: [TAG],
    asDropdown: false,
    icon: 'external link',
    includeVars: true,
    keepTime: true,
    targetBlank: false,
    tooltip: '',
    url: '',
  };
}

function firingAlerts() {
  return {
    name: 'Alerts',
    datasource: DATASOURCE,
    enable: true,
    iconColor: 'red',
    expr: 'ALERTS{alertname=~"TaskRunner.*", alertstate="firing", severity="critical"}',
    titleFormat: '{{alertname}}',
    step: '60s',
  };
}

/** Gives panels their place, row after row, and their numbers. */
function placed(rows) {
  const panels = [];
  let y = 0;
  for (const { title, panels: row } of rows) {
    if (title !== undefined) {
      panels.push({
        type: 'row',
        title,
        collapsed: false,
        gridPos: { h: 1, w: COLUMNS, x: 0, y },
        panels: [],
      });
      y += 1;
    }
    let x = 0;
    let h = 0;
    for (const panel of row) {
      const { w } = panel.gridPos;
      if (x + w > COLUMNS) [x, y, h] = [0, y + h, 0];
      panels.push({ ...panel, gridPos: { ...panel.gridPos, x, y } });
      x += w;
      h = Math.max(h, panel.gridPos.h);
    }
    y += h;
  }
  return panels.map((panel, at) => ({ id: at + 1, ...panel }));
}
