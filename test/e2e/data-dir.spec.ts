import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyProject } from '../support/project-copy.js';
import { type Spawned, start } from '../support/processes.js';

let root: string;
let place: string;
let run: Spawned | undefined;

beforeEach(() => {
  root = copyProject({ 'dist/main.js': 'export const stopped = Promise.resolve();' });
  place = mkdtempSync(join(tmpdir(), 'task-runner-place-'));
});
afterEach(async () => {
  run?.child.kill('SIGKILL');
  await run?.ended;
  for (const folder of [root, place]) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function startWith(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<Spawned> {
  const environment = { PATH: process.env['PATH'], HOME: root, DATA_DIR: dataDir, ...env };
  run = start(process.execPath, ['scripts/start.mjs'], { cwd: root, env: environment });
  const late = setTimeout(() => run?.child.kill('SIGKILL'), 10_000);
  await run.ended;
  clearTimeout(late);
  return run;
}

async function refusalOf(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const refused = await startWith(dataDir, env);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(/^[^\n]+ Set DATA_DIR to an empty or new folder of your own\.\n$/);
  return refused.output();
}

describe('a DATA_DIR', () => {
  it('where no folder can be made is refused at once', async () => {
    expect(await refusalOf('/proc/task-runner')).toContain('/proc/task-runner cannot hold the data');
  });

  it('that is a file, or below one, is refused', async () => {
    writeFileSync(join(place, 'file'), 'mine');
    expect(await refusalOf(join(place, 'file'))).toContain(`${join(place, 'file')} cannot hold the data`);
    expect(await refusalOf(join(place, 'file', 'below'))).toContain('is a file');
    expect(readFileSync(join(place, 'file'), 'utf8')).toBe('mine');
  });

  it('that is a dangling link is refused', async () => {
    symlinkSync(join(place, 'nowhere'), join(place, 'link'));
    expect(await refusalOf(join(place, 'link'))).toContain('link that leads nowhere');
  });

  it('with somebody’s dotfiles is refused and left as it is', async () => {
    mkdirSync(join(place, 'home'), { mode: 0o755 });
    writeFileSync(join(place, 'home', '.bashrc'), '');
    expect(await refusalOf(join(place, 'home'))).toContain('holds ".bashrc"');
    expect(statSync(join(place, 'home')).mode & 0o777).toBe(0o755);
  });

  it('that is the home folder is refused, even an empty one', async () => {
    expect(await refusalOf(place, { HOME: place })).toContain('it is your home folder');
  });

  it('is made with the folders above it', async () => {
    const folder = join(place, 'a', 'b', 'c');
    expect(await (await startWith(folder)).ended).toBe(0);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});
