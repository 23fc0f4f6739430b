import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableText } from './report.mjs';

const SHOWN = 25;
const NOT_BUSY = new Set(['(idle)', '(root)']);

/**
 * Prints where the CPU time of the product's processes went, by function, without what it called.
 *
 * @param {string} folder that holds `api.cpuprofile` and `worker.cpuprofile`
 * @param {number} seconds before the end that count, so that the start of the process does not
 */
export function printProfiles(folder, seconds) {
  for (const name of ['api', 'worker']) {
    const file = join(folder, `${name}.cpuprofile`);
    if (!existsSync(file)) continue;
    const rows = topFunctions(JSON.parse(readFileSync(file, 'utf8')), seconds);
    console.log(`\nSelf time of ${name}, share of its busy time:\n`);
    console.log(tableText({ columns: ['%', 'function', 'where'], rows }));
  }
}

/** @returns {string[][]} */
function topFunctions({ nodes, samples, timeDeltas, startTime, endTime }, seconds) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map();
  let busy = 0;
  let now = startTime;
  for (const [at, id] of samples.entries()) {
    now += timeDeltas[at];
    const frame = byId.get(id);
    if (now < endTime - seconds * 1e6 || NOT_BUSY.has(frame.functionName)) continue;
    const key = `${frame.functionName || '(anonymous)'}|${placeOf(frame)}`;
    times.set(key, (times.get(key) ?? 0) + timeDeltas[at]);
    busy += timeDeltas[at];
  }
  const top = [...times].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  return top.map(([key, time]) => [((100 * time) / busy).toFixed(1), ...key.split('|')]);
}

function placeOf({ url, lineNumber }) {
  if (url === '') return '';
  const path = /(?:node_modules|dist)\/.*$/.exec(url)?.[0] ?? url;
  return `${path}:${lineNumber + 1}`;
}
