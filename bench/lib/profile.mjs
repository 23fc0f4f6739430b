import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableText } from './report.mjs';

const SHOWN = 25;

/**
 * Prints where the CPU time of the product's processes went, by function, without what it called.
 *
 * @param {string} folder that holds `api.cpuprofile` and `worker.cpuprofile`
 */
export function printProfiles(folder) {
  for (const name of ['api', 'worker']) {
    const file = join(folder, `${name}.cpuprofile`);
    if (!existsSync(file)) continue;
    const rows = topFunctions(JSON.parse(readFileSync(file, 'utf8')), SHOWN);
    console.log(`\nSelf time of ${name}, share of its busy time:\n`);
    console.log(tableText({ columns: ['%', 'function', 'where'], rows }));
  }
}

/** @returns {string[][]} */
function topFunctions({ nodes, samples, timeDeltas }, count) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map();
  let busy = 0;
  for (const [at, id] of samples.entries()) {
    const frame = byId.get(id);
    if (frame.functionName === '(idle)' || frame.functionName === '(root)') continue;
    const key = `${frame.functionName || '(anonymous)'}|${placeOf(frame)}`;
    times.set(key, (times.get(key) ?? 0) + timeDeltas[at]);
    busy += timeDeltas[at];
  }
  const top = [...times].sort((a, b) => b[1] - a[1]).slice(0, count);
  return top.map(([key, time]) => [((100 * time) / busy).toFixed(1), ...key.split('|')]);
}

function placeOf({ url, lineNumber }) {
  if (url === '') return '';
  const path = /(?:node_modules|dist|bench)\/.*$/.exec(url)?.[0] ?? url;
  return `${path}:${lineNumber + 1}`;
}
