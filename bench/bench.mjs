// Compares the product with other builds of the same thing, in one run on one machine. `npm run bench -- --help`.
import { existsSync } from 'node:fs';
import { Cleanup } from './lib/children.mjs';
import { contextOf } from './lib/context.mjs';
import { machineFacts, writePage } from './lib/page.mjs';
import { readOptions } from './lib/options.mjs';
import { printProfiles } from './lib/profile.mjs';
import { sectionText } from './lib/report.mjs';

const LOADERS = {
  saturation: () => import('./scenarios/saturation.mjs'),
  low: () => import('./scenarios/low.mjs'),
  lanes: () => import('./scenarios/lanes.mjs'),
  queue: () => import('./scenarios/queue.mjs'),
  backlog: () => import('./scenarios/backlog.mjs'),
  delayed: () => import('./scenarios/delayed.mjs'),
  noisy: () => import('./scenarios/noisy.mjs'),
  limits: () => import('./scenarios/limits.mjs'),
  durable: () => import('./scenarios/durable.mjs'),
  observe: () => import('./scenarios/observe.mjs'),
};

process.exitCode = await main();

async function main() {
  try {
    const options = readOptions(process.argv.slice(2));
    refuseWhatCannotWork();
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stopEarly);
    const sections = await runAll(options);
    const facts = await machineFacts(options);
    console.log(`\n${facts}\n\n${sections.map(sectionText).join('\n\n')}`);
    if (options.profile) printProfiles(options.profile, options.seconds);
    if (options.write) await writePage(facts, sections);
    return sections.some(({ failed }) => failed) ? 1 : 0;
  } catch (error) {
    console.error(error.message);
    return 1;
  }
}

/** A second signal ends at once; the children end with this process. */
async function stopEarly() {
  console.error('stopping ...');
  await Cleanup.runAll();
  process.exit(130);
}

function refuseWhatCannotWork() {
  if (process.platform !== 'linux')
    throw new Error('The benchmark reads CPU times from /proc: it needs Linux.');
  if (!existsSync(new URL('../dist/main.js', import.meta.url))) {
    throw new Error('There is no build. Run: npm run build');
  }
}

async function runAll(options) {
  const deadline = performance.now() + options.minutes * 60_000;
  const sections = [];
  for (const name of options.scenarios) sections.push(await runOne(name, options, deadline));
  return sections;
}

/** One that fails does not take the others' figures along. */
async function runOne(name, options, deadline) {
  try {
    const { [name]: scenario } = await LOADERS[name]();
    return await scenario(contextOf(options, name, deadline));
  } catch (error) {
    console.error(error.stack);
    return { name, title: name, tables: [], goals: [], notes: [`Failed: ${error.message}`], failed: true };
  }
}
