import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const CONFIG = resolve('.dependency-cruiser.mjs');
const CRUISER = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

interface Rules {
  readonly default: { readonly forbidden: readonly { readonly name: string; readonly comment?: string }[] };
}

const projects: string[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) rmSync(project, { recursive: true, force: true });
});

describe('the import table', () => {
  it('is the same in docs/architecture.md and in the rules that are enforced', async () => {
    expect(documentedTable()).toEqual(await enforcedTable());
  });

  it('lets a folder import what its row lists', () => {
    const files = {
      'src/queue/a.ts': `import type { B } from '../task/b.js'; export const a: B = 1;`,
      'src/task/b.ts': `export type B = number;`,
    };
    expect(violationsOf(files)).toEqual([]);
  });

  it('lets the types of ioredis be imported anywhere', () => {
    const files = { 'src/queue/a.ts': `import type { Redis } from 'ioredis'; export type A = Redis;` };
    expect(violationsOf(files)).not.toContain('vendor-ioredis');
  });

  it.each([
    {
      rule: 'imports-of-queue',
      why: 'the two halves meet only at the queue',
      files: {
        'src/queue/a.ts': `import '../dispatch/b.js';`,
        'src/dispatch/b.ts': `export const b = 1;`,
      },
    },
    {
      rule: 'imports-of-net',
      why: 'types count as imports, too',
      files: {
        'src/net/a.ts': `import type { B } from '../config/b.js'; export const a: B = 1;`,
        'src/config/b.ts': `export type B = number;`,
      },
    },
    {
      rule: 'pure-folders',
      why: 'the vocabulary has no input or output',
      files: {
        'src/task/a.ts': `import { readFileSync } from 'node:fs'; export const a = readFileSync;`,
        'src/queue/b.ts': `import '../task/a.js';`,
      },
    },
    {
      rule: 'vendor-ioredis',
      why: 'ioredis is known to src/redis only',
      files: {
        'src/enqueue/a.ts': `import { Redis } from 'ioredis'; export const a = Redis;`,
      },
    },
    {
      rule: 'vendor-bullmq',
      why: 'its types are known to src/queue only, too',
      files: {
        'src/enqueue/a.ts': `import type { Job } from 'bullmq'; export type A = Job;`,
      },
    },
    {
      rule: 'no-unlisted-folder',
      why: 'a new folder needs a row',
      files: {
        'src/misc/a.ts': `import '../task/b.js';`,
        'src/task/b.ts': `export const b = 1;`,
      },
    },
    {
      rule: 'no-circular',
      why: 'nothing goes in circles',
      files: {
        'src/task/a.ts': `import { b } from './b.js'; export const a = (): number => b();`,
        'src/task/b.ts': `import { a } from './a.js'; export const b = (): number => a();`,
      },
    },
  ])('reports $rule: $why', ({ rule, files }) => {
    expect(violationsOf(files)).toContain(rule);
  });
});

/** Folder → what it may import, as the table between the markers says. */
function documentedTable(): Record<string, string[]> {
  const page = readFileSync('docs/architecture.md', 'utf8');
  const marked = /<!-- imports:begin -->(.*)<!-- imports:end -->/s.exec(page)?.[1] ?? '';
  const rows = [...marked.matchAll(/^\| `([a-z-]+)`\s*\|(.*)\|$/gm)];
  return Object.fromEntries(
    rows.map(([, folder = '', cell = '']) => [
      folder,
      [...cell.matchAll(/`([a-z-]+)`/g)].map((m) => m[1] ?? ''),
    ]),
  );
}

/** The same out of the rules, each of which names in its comment what its folder may import, itself first. */
async function enforcedTable(): Promise<Record<string, string[]>> {
  const { default: config } = (await import(pathToFileURL(CONFIG).href)) as Rules;
  const rules = config.forbidden.filter(({ name }) => name.startsWith('imports-of-'));
  return Object.fromEntries(
    rules.map(({ name, comment = '' }) => [
      name.slice('imports-of-'.length),
      comment.split(': ')[1]?.split(', ').slice(1) ?? [],
    ]),
  );
}

/** The names of the rules that these files break, in a project of their own. */
function violationsOf(files: Record<string, string>): string[] {
  const project = mkdtempSync(join(tmpdir(), 'task-runner-imports-'));
  projects.push(project);
  symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
  const all = {
    ...files,
    'package.json': '{"type":"module"}',
    'tsconfig.json': readFileSync('tsconfig.json'),
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), content);
  }
  return cruise(project);
}

interface Report {
  readonly summary: { readonly violations: readonly { readonly rule: { readonly name: string } }[] };
}

/** The JSON report, unlike the one for people, is no failure when it has violations. */
function cruise(project: string): string[] {
  const args = [CRUISER, 'src', '--config', CONFIG, '--output-type', 'json'];
  const report = execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
  return (JSON.parse(report) as Report).summary.violations.map(({ rule }) => rule.name);
}
