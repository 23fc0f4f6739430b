// What stands on a dashboard, in the words of Grafana.

/** Whatever the variable `datasource` names. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Of several installations in one Prometheus the one that the variables choose. */
export const CHOSEN = 'namespace=~"$namespace", job=~"$job"';
const METRIC = /(?<![\w"])((?:taskqueue|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;

/** A query with that choice in each of its metrics. */
export function chosen(query) {
  return query.replaceAll(
    METRIC,
    (_, name, labels) => `${name}{${[CHOSEN, labels].filter(Boolean).join(', ')}}`,
  );
}

const GREEN = 'green';
const LAST = { calcs: ['lastNotNull'], fields: '', values: false };

/**
 * A panel of any type; `dashboard` gives it its place and number.
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} unit of Grafana
 * @property {string} about what it shows, and what to do
 * @property {Record<string, string>} queries by legend, which may name labels as in `{{state}}`
 * @property {number} [width] of 24
 * @property {Record<string, number>} [steps] color: from which value on
 * @property {{ title: string, url: string }} [link] from a series
 */

/** Lines over time. @param {Panel & { stacked?: boolean }} panel */
export function graph({ stacked = false, ...panel }) {
  const custom = {
    drawStyle: 'line',
    lineWidth: 1,
    fillOpacity: stacked ? 40 : 8,
    showPoints: 'never',
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: panel.steps ? 'dashed' : 'off' },
  };
  const options = {
    legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
  return made(panel, { type: 'timeseries', custom, options, mode: 'palette-classic' });
}

/** One figure, or some. @param {Panel} panel */
export function stat(panel) {
  const options = {
    colorMode: panel.steps ? 'background' : 'value',
    graphMode: 'area',
    justifyMode: 'auto',
    orientation: 'auto',
    textMode: 'auto',
    reduceOptions: LAST,
  };
  return made(panel, { type: 'stat', options });
}

/** The largest first. @param {Panel} panel */
export function bars(panel) {
  const options = {
    displayMode: 'basic',
    orientation: 'horizontal',
    showUnfilled: true,
    sizing: 'auto',
    valueMode: 'color',
    reduceOptions: LAST,
  };
  return made(panel, { type: 'bargauge', options, instant: true });
}

/** Labels and values as rows. @param {Panel & { hidden?: string[] }} panel hidden: columns that say nothing */
export function table({ hidden = [], ...panel }) {
  const excludeByName = Object.fromEntries(['Time', ...hidden].map((name) => [name, true]));
  const transformations = [{ id: 'organize', options: { excludeByName, indexByName: {}, renameByName: {} } }];
  const options = { cellHeight: 'sm', showHeader: true };
  return { ...made(panel, { type: 'table', options, instant: true, format: 'table' }), transformations };
}

function made(panel, { type, options, custom = {}, mode = 'thresholds', ...how }) {
  const { title, unit, about, queries, width = 6, height = 8, steps = {}, link } = panel;
  const levels = Object.entries(steps).map(([color, value]) => ({ color, value }));
  const defaults = {
    unit,
    color: { mode },
    custom,
    mappings: [],
    min: 0,
    thresholds: { mode: 'absolute', steps: [{ color: GREEN, value: null }, ...levels] },
    links: link ? [{ ...link, targetBlank: false }] : [],
  };
  return {
    type,
    title,
    description: about,
    datasource: DATASOURCE,
    gridPos: { h: height, w: width },
    fieldConfig: { defaults, overrides: [] },
    options,
    targets: Object.entries(queries).map((query, at) => target(query, at, how)),
  };
}

function target([legend, query], at, { instant = false, format = 'time_series' }) {
  return {
    refId: String.fromCharCode(65 + at),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr: chosen(query),
    legendFormat: legend,
    format,
    instant,
    range: !instant,
  };
}
