import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, start, type Spawned } from '../support/processes.js';
import { copyProject, folderOfPrograms } from '../support/project-copy.js';
import { until } from '../support/until.js';

// Stand in for npm and the compiler. Each writes down when it begins and ends, fails when a file `fail-<name>`
// is there, and stays at work as long as a file `hang-<name>` is there. Both empty their folder before they fill it.
const stepScript = (name: string, folder: string) => `
  import fs from 'node:fs';
  const note = (what) => fs.appendFileSync('journal', what + ' ${name}\\n');
  note('begin');
  if (fs.existsSync('fail-${name}')) { console.error('${name} is out of luck'); process.exit(3); }
  fs.rmSync('${folder}', { recursive: true, force: true });
  fs.mkdirSync('${folder}');
  while (fs.existsSync('hang-${name}')) await new Promise((resolve) => setTimeout(resolve, 10));
  note('end');
`;

let root: string;
const started: Spawned[] = [];

beforeEach(() => {
  root = copyProject({
    'fake/npm-cli.cjs': `import(${JSON.stringify('../fake/npm.mjs')});`,
    'fake/npm.mjs': stepScript('npm', 'node_modules'),
    'scripts/build.mjs': stepScript('build', 'dist'),
    'src/a.ts': 'one',
    'tsconfig.json': '{}',
  });
});

afterEach(async () => {
  for (const process of started.splice(0)) {
    process.child.kill('SIGKILL');
    await process.ended;
  }
  for (const name of ['npm', 'build']) rmSync(join(root, `hang-${name}`), { force: true });
  rmSync(root, { recursive: true, force: true, maxRetries: 10 });
});

function bootstrap(env: NodeJS.ProcessEnv = { REDIS_EMBEDDED: 'never' }, ...flags: string[]): Spawned {
  const spawned = start(process.execPath, ['scripts/bootstrap.mjs', ...flags], {
    cwd: root,
    env: { PATH: process.env['PATH'], npm_execpath: join(root, 'fake/npm-cli.cjs'), ...env },
  });
  started.push(spawned);
  return spawned;
}

/** Runs it to its end and tells the steps it took. */
async function steps(): Promise<string[]> {
  write('journal', '');
  const run = bootstrap();
  expect(await run.ended, run.output()).toBe(0);
  return journal();
}

function journal(): string[] {
  return read('journal').trim().split('\n').filter(Boolean);
}

function write(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content, { mode });
}

function read(path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

const NPM = ['begin npm', 'end npm'];
const BUILD = ['begin build', 'end build'];

describe('installing and building', () => {
  it('does both on a fresh clone, says so, and is silent when all is up to date', async () => {
    const first = bootstrap();
    expect(await first.ended).toBe(0);
    expect(first.output()).toMatch(/Installing packages \.\.\.\n.*took \d.*\nBuilding \.\.\.\n.*took \d/);
    expect(journal()).toEqual([...NPM, ...BUILD]);
    const second = bootstrap();
    expect(await second.ended).toBe(0);
    expect(second.output()).toBe('');
    expect(journal()).toEqual([...NPM, ...BUILD]);
  });

  it('installs nothing that npm ci has installed, but for what is missing or another version', async () => {
    const one = { version: '1.0.0', integrity: 'sha512-one' };
    const elsewhere = { version: '1.0.0', optional: true, os: ['plan9'], cpu: ['pdp11'] };
    const native = { version: '1.0.0', optional: true, os: [process.platform], cpu: [process.arch] };
    const all = {
      'node_modules/one': one,
      'node_modules/elsewhere': elsewhere,
      'node_modules/native': native,
    };
    const lock = (path: string, packages: object) => {
      write(path, JSON.stringify({ packages }));
    };
    lock('package-lock.json', { '': { name: 'it' }, ...all });
    const there: [object, string[]][] = [
      [{ 'node_modules/one': one, 'node_modules/native': native }, BUILD],
      [{ 'node_modules/one': { ...one, version: '1.0.1' }, 'node_modules/native': native }, NPM],
      [{ 'node_modules/one': one }, NPM],
      [{}, NPM],
    ];
    for (const [packages, expected] of there) {
      rmSync(join(root, 'node_modules'), { recursive: true, force: true });
      lock('node_modules/.package-lock.json', packages);
      expect(await steps(), JSON.stringify(packages)).toEqual(expected);
    }
  });

  it('writes nothing when all is up to date, so that a folder can be read-only', async () => {
    await steps();
    rmSync(join(root, '.runtime'), { recursive: true });
    expect(await steps()).toEqual([]);
    expect(existsSync(join(root, '.runtime'))).toBe(false);
  });

  it('says in one line that it has to write where it cannot', async () => {
    write('.runtime', 'not a folder');
    const run = bootstrap();
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(
      /^\S+ is not prepared yet, and nothing can be written to \S+ \(EEXIST\)\..*\n$/,
    );
  });

  it('installs and builds again when the locked packages change', async () => {
    await steps();
    write('package-lock.json', '{"changed":true}');
    expect(await steps()).toEqual([...NPM, ...BUILD]);
  });

  it.each(['src/a.ts', 'src/deep/new.ts', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'])(
    'builds again when %s changes',
    async (path) => {
      await steps();
      write(path, `${read(path)}\n// changed`);
      expect(await steps()).toEqual(BUILD);
    },
  );

  it('does not build again for a changed spec, nor for a file that was only touched', async () => {
    await steps();
    write('src/a.spec.ts', 'new');
    write('src/a.ts', 'one');
    expect(await steps()).toEqual([]);
  });

  it.each([
    ['npm', [...NPM, ...BUILD]],
    ['build', BUILD],
  ])('tells what %s says when it fails, and does that step again', async (name, expected) => {
    await steps();
    write(name === 'npm' ? 'package-lock.json' : 'src/a.ts', '{"changed":true}');
    write(`fail-${name}`, '');
    const failing = bootstrap();
    expect(await failing.ended).toBe(1);
    expect(failing.output()).toContain(`${name} is out of luck`);
    expect(failing.output()).toContain('failed (exit code 3)');
    rmSync(join(root, `fail-${name}`));
    expect(await steps()).toEqual(expected);
  });

  it('does a step again that was killed half-way, but only after what it started has ended', async () => {
    write('hang-npm', '');
    const killed = bootstrap();
    await until(() => journal().includes('begin npm'));
    killed.child.kill('SIGKILL');
    await until(() => !isRunning(killed.pid));
    const next = bootstrap();
    await until(() => next.output().includes(`Waiting for process ${killed.pid}`));
    rmSync(join(root, 'hang-npm'));
    expect(await next.ended).toBe(0);
    expect(journal()).toEqual([...NPM, ...NPM, ...BUILD]);
  });

  it('takes every step once when several runs begin together', async () => {
    const runs = Array.from({ length: 4 }, () => bootstrap());
    expect(await Promise.all(runs.map((run) => run.ended))).toEqual([0, 0, 0, 0]);
    expect(journal()).toEqual([...NPM, ...BUILD]);
    expect(readdirSync(join(root, '.runtime'))).toEqual([]);
  });
});

describe('npm', () => {
  const ours = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

  it.each(['start', 'test'])('%s does it first, although no install scripts may run', async (script) => {
    const { scripts } = JSON.parse(ours('package.json')) as { scripts: Record<string, string> };
    write('.npmrc', ours('.npmrc'));
    const echoed = { ...scripts, test: scripts['test']?.replace(/vitest .*/, 'echo GOES ON') };
    write('package.json', JSON.stringify({ name: 'copy', version: '1.0.0', scripts: echoed }));
    const lock = { name: 'copy', version: '1.0.0', lockfileVersion: 3, packages: {} };
    write('package-lock.json', JSON.stringify(lock));
    write('scripts/start.mjs', 'console.log("GOES ON");');
    const env = { REDIS_EMBEDDED: 'never', HOME: root, PATH: process.env['PATH'] };
    const run = start('npm', ['run', script], { cwd: root, env });
    started.push(run);
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toMatch(/Installing packages took[^]*Building took[^]*GOES ON\n/);
  });
});

describe('the Redis server', () => {
  const server = (version: string) => `#!/bin/sh\necho "Redis server v=${version} sha=0 bits=64"\n`;
  let programs: string;

  beforeEach(() => {
    programs = folderOfPrograms(join(root, 'programs'), ['sh']);
  });

  it('is taken from PATH, under either name, when it is recent enough', async () => {
    write('programs/valkey-server', server('8.0.1'), 0o755);
    const run = bootstrap({ PATH: programs });
    expect(await run.ended, run.output()).toBe(0);
  });

  it.each([
    ['is too old', server('6.0.16')],
    ['does not run', '#!/bin/sh\nexit 127\n'],
  ])('is not taken from PATH when it %s', async (_, script) => {
    write('programs/redis-server', script, 0o755);
    const run = bootstrap({ PATH: programs });
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain('No Redis server (6.2 or newer) was found');
  });

  it('is taken from .runtime when it was fetched before', async () => {
    write('.runtime/redis/usr/bin/redis-server', server('7.0.15'), 0o755);
    const run = bootstrap({ PATH: programs });
    expect(await run.ended, run.output()).toBe(0);
  });

  it('is not believed to be there when fetching was interrupted', async () => {
    write('.runtime/redis.unpacking/usr/bin/redis-server', server('7.0.15'), 0o755);
    const run = bootstrap({ PATH: programs });
    expect(await run.ended).toBe(1);
  });

  it('can be had from Docker when there is no other way, with a command to copy', async () => {
    const run = bootstrap({ PATH: programs });
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/^ +docker run .* -p 127\.0\.0\.1:6379:6379 .*--appendonly yes/m);
    expect(run.output()).toMatch(/^ +REDIS_URL=redis:\/\/127\.0\.0\.1:6379 npm start$/m);
  });

  it.each([
    ['brew', /brew install redis/],
    ['apk', /apk add redis/],
    ['dnf', /dnf install -y valkey/],
  ])('is not installed with %s without consent, only the command is shown', async (manager, command) => {
    write(`programs/${manager}`, '#!/bin/sh\n: > asked\n', 0o755);
    const run = bootstrap({ PATH: programs });
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(command);
    expect(existsSync(join(root, 'asked'))).toBe(false);
  });

  it.each([
    { REDIS_EMBEDDED: 'never' },
    { REDIS_URL: 'redis://elsewhere' },
    { REDIS_ADDRESS: 'elsewhere:6379' },
    { REDIS_ADDR: 'elsewhere:6379' },
    { REDIS_HOST: 'elsewhere' },
  ])('is not looked for with %o', async (env) => {
    const run = bootstrap({ PATH: programs, ...env });
    expect(await run.ended, run.output()).toBe(0);
  });

  it('is looked for by the tests even when the environment names one', async () => {
    const run = bootstrap({ PATH: programs, REDIS_URL: 'redis://elsewhere' }, '--test');
    expect(await run.ended).toBe(1);
  });
});

describe('Node', () => {
  it.each(['20.18.3', '18.20.0', '12.22.12'])('%s is refused with what to do', async (version) => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
    write('pretend.cjs', pretend);
    const run = bootstrap({ NODE_OPTIONS: `--require ${join(root, 'pretend.cjs')}` });
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain('needs Node 20.19 or newer');
    expect(journal()).toEqual([]);
  });
});
