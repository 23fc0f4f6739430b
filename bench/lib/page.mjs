import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { findRedisServer } from '../../scripts/redis-binary.mjs';
import { sectionText } from './report.mjs';

const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const FIGURES = /(<!-- figures:begin -->)(.*)(<!-- figures:end -->)/s;

/** @param {import('./options.mjs').Options} options @returns {Promise<string>} what the figures depend on */
export async function machineFacts({ rounds, seconds, concurrency, body, durable, quick }) {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const version = findRedisServer()?.version ?? 'unknown';
  const parts = [
    `${cpus().length} cores, ${gigabytes} GB, ${process.platform}-${process.arch}, Node ${process.version}, Redis ${version}`,
    `commit ${commit()}, ${new Date().toISOString().slice(0, 10)}`,
    `${rounds} rounds of ${seconds} s, worker concurrency ${concurrency}, bodies of ${body} bytes`,
    durable ? 'every write on disk before it is answered' : 'Redis in memory only unless said',
    ...(quick ? ['a quick run: these figures mean little'] : []),
  ];
  return `${parts.join('; ')}.`;
}

function commit() {
  try {
    const quiet = {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    };
    return execFileSync('git', ['describe', '--always', '--dirty'], quiet).trim();
  } catch {
    return 'unknown';
  }
}

/**
 * Replaces the sections of the scenarios that ran, with all that was written into them by hand, and leaves the others as they are.
 *
 * @param {string} facts @param {readonly import('./report.mjs').Section[]} sections
 */
export async function writePage(facts, sections) {
  const page = readFileSync(PAGE, 'utf8').replace(
    FIGURES,
    (_, begin, figures, end) => `${begin}\n\n${merged(figures, facts, sections)}\n\n${end}`,
  );
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
  console.log('\ndocs/performance.md written');
}

/**
 * @param {string} figures Markdown, a heading of the third level for each scenario
 * @param {string} facts @param {readonly import('./report.mjs').Section[]} sections
 * @returns {string} the same with these sections, new ones at the end
 */
export function merged(figures, facts, sections) {
  const texts = new Map(
    figures
      .split(/^(?=### )/m)
      .filter((text) => text.startsWith('### '))
      .map((text) => [headingOf(text), text.trim()]),
  );
  for (const section of sections) {
    const text = sectionText(section);
    texts.set(headingOf(text), [headingOf(text), facts, text.split('\n').slice(2).join('\n')].join('\n\n'));
  }
  return [...texts.values()].join('\n\n');
}

const headingOf = (text) => text.split('\n', 1)[0];
