import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGE = readFileSync('docs/source-coverage.md', 'utf8');
const LAST_ROWS = { S0: 73, S1: 81, S2: 58, S3: 44, S4: 69 };

function rowsOf(source: string): string[][] {
  const section = new RegExp(`^## ${source}: (.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(PAGE)?.[1] ?? '';
  const lines = section.split('\n').filter((line) => /^\| \d+ +\|/.test(line));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function faultOf([, what = '', where = '', test = '']: string[]): string | undefined {
  if (what === '') return 'says nothing';
  if (where.startsWith('planned: ')) return undefined;
  return [where, test].find((cell) => !existsSync(fileIn(cell)));
}

function fileIn(cell: string): string {
  return /^\[.+\]\(\.\.\/(.+)\)$/.exec(cell)?.[1] ?? 'nowhere';
}

describe.each(Object.entries(LAST_ROWS))('%s', (source, last) => {
  const rows = rowsOf(source);

  it('has a line for each row, in order', () => {
    const numbers = Array.from({ length: last }, (_, at) => String(at + 1));
    expect(rows.map(([number]) => number)).toEqual(numbers);
  });

  it('says of each what it is, where it is and which test shows it, or that it is planned', () => {
    for (const row of rows) expect([row[0], faultOf(row)]).toEqual([row[0], undefined]);
  });
});

it('the Makefile has the verbs of Task Queue Go, over scripts that there are', () => {
  const makefile = readFileSync('Makefile', 'utf8');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const verb of ['dev-redis', 'run-api', 'run-worker', 'test', 'test-coverage', 'build', 'lint']) {
    expect(makefile).toMatch(new RegExp(`^${verb}:`, 'm'));
  }
  for (const verb of ['load-test', 'load-test-smoke', 'load-test-stress', 'generate-clients']) {
    expect(makefile).toMatch(new RegExp(`^[a-z -]*\\b${verb}\\b[a-z -]*:`, 'm'));
  }
  for (const [, script = ''] of makefile.matchAll(/npm run (?:--silent )?([a-z:]+)$/gm)) {
    expect(Object.keys(scripts)).toContain(script);
  }
  expect(existsSync('LICENSE')).toBe(true);
});
