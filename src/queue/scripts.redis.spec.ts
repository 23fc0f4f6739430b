import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisNode } from '../../test/support/redis-node.js';
import { assemble } from '../redis/lua-text.js';

/** Lua's limit for one function is 200. What is over is refused when a task comes, not before. */
const ROOM = 10;
const read = (file: string): string => readFileSync(file, 'utf8');
const SHARED = 'src/queue/lua/include';
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.lua'))
  .map((path) => `src/${path}`);
const includes = files.filter((path) => path.includes('/include/'));
const scripts = files.filter((path) => /lua\/[\w-]+\.lua$/.test(path) && !read(path).startsWith('-- Around'));

let node: RedisNode;
let redis: Redis;
beforeAll(async () => {
  node = await RedisNode.start(['save ""']);
  redis = new Redis(node.url);
});
afterAll(async () => {
  await redis.quit();
  await node.remove();
});

function assembled(file: string): string {
  const beside = `${dirname(file)}/include`;
  return assemble(read(file), (name) =>
    read(existsSync(`${beside}/${name}.lua`) ? `${beside}/${name}.lua` : `${SHARED}/${name}.lua`),
  );
}

/** The statement that returns has to be the last one of its block. */
function withMoreLocals(script: string, count: number): string {
  const more = Array.from({ length: count }, (_, at) => `local more${at}\n`).join('');
  const end = script.lastIndexOf('\nreturn ');
  return `${script.slice(0, end)}\n${more}${script.slice(end)}`;
}

it('finds the scripts', () => {
  expect(scripts.length).toBeGreaterThan(40);
});

it.each(scripts)('%s is one that Redis takes, and has room for more locals', async (file) => {
  await expect(redis.script('LOAD', withMoreLocals(assembled(file), ROOM))).resolves.toBeDefined();
});

it('the limit is one of Lua, and would be told', async () => {
  const script = withMoreLocals(assembled('src/queue/lua/step.lua'), 200);
  await expect(redis.script('LOAD', script)).rejects.toThrow('local variables');
});

/** As `assemble` knows a declaration; others would be the file's own, and missing elsewhere when a task comes. */
it.each(includes)('%s declares what it has in lines of their own, once', (file) => {
  const lines = read(file)
    .split('\n')
    .filter((line) => /^local\b/.test(line));
  const unknown = lines.filter((line) => !/^local (function \w+\(|\w+(, \w+)*( = |$))/.test(line));
  const names = lines.flatMap((line) =>
    (/^local (?:function )?([\w, ]+?)(?: = |\(|$)/.exec(line)?.[1] ?? '').split(', '),
  );
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  const ends = read(file)
    .split('\n')
    .filter((line) => /^return\b/.test(line));
  expect({ unknown, twice, ends }).toEqual({ unknown: [], twice: [], ends: [] });
});
