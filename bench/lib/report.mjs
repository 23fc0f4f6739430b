// Figures as text. Pure.

/**
 * @typedef {object} Goal a figure beside the figure to reach
 * @property {string} name
 * @property {import('./stats.mjs').Spread} value
 * @property {'at least' | 'at most'} bound
 * @property {number} limit
 *
 * @typedef {object} Table
 * @property {string} title
 * @property {readonly string[]} columns
 * @property {readonly (readonly string[])[]} rows
 *
 * @typedef {object} Section what one scenario has to say
 * @property {string} name
 * @property {string} title
 * @property {readonly Table[]} tables
 * @property {readonly Goal[]} goals
 * @property {readonly string[]} notes
 */

/** @param {number} value @returns {string} three figures, thousands apart */
export function figure(value) {
  if (!Number.isFinite(value)) return '-';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** @param {import('./stats.mjs').Spread} spread @returns {string} median, and the range when there is one */
export function range({ median, min, max }) {
  const single = min === max || !Number.isFinite(median);
  return single ? figure(median) : `${figure(median)} (${figure(min)}-${figure(max)})`;
}

/** @param {Goal} goal @returns {boolean} by the median */
export function reached({ value, bound, limit }) {
  return bound === 'at least' ? value.median >= limit : value.median <= limit;
}

/** @param {readonly Goal[]} goals @returns {Table} */
export function goalTable(goals) {
  return {
    title: 'Against the goals',
    columns: ['figure', 'goal', 'measured', 'reached'],
    rows: goals.map((goal) => [
      goal.name,
      `${goal.bound} ${figure(goal.limit)}`,
      range(goal.value),
      verdict(goal),
    ]),
  };
}

function verdict(goal) {
  if (!Number.isFinite(goal.value.median)) return 'not measured';
  return reached(goal) ? 'yes' : 'no';
}

/** @param {Table} table @returns {string} a Markdown table, padded so that it reads well in a terminal too */
export function tableText({ columns, rows }) {
  const widths = columns.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at].length)));
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** @param {Section} section @returns {string} Markdown */
export function sectionText({ title, tables, goals, notes }) {
  const all = goals.length > 0 ? [...tables, goalTable(goals)] : tables;
  const blocks = all.map((table) => `${table.title}:\n\n${tableText(table)}`);
  return [`### ${title}`, ...blocks, ...notes.map((note) => `${note}`)].join('\n\n');
}
