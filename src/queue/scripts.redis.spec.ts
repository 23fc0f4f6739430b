import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisNode } from '../../test/support/redis-node.js';

/** Lua's limit for one function, of which the body of a script is one. What is over is refused when a task comes, not before. */
const ROOM = 10;
const LARGEST = ['add-tasks', 'step'];

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

const read = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');
const assembled = (name: string): string =>
  read(name).replace(/^--@include (\S+)$/gm, (_line, include: string) => read(`include/${include}`));

/** The statement that returns has to be the last one of its block. */
function withMoreLocals(script: string, count: number): string {
  const more = Array.from({ length: count }, (_, at) => `local more${at}\n`).join('');
  const end = script.lastIndexOf('\nreturn ');
  return `${script.slice(0, end)}\n${more}${script.slice(end)}`;
}

it.each(LARGEST)('%s has room for more locals: a function of Lua has 200 at most', async (name) => {
  const script = assembled(name);
  await expect(redis.script('LOAD', withMoreLocals(script, ROOM))).resolves.toBeDefined();
  await expect(redis.script('LOAD', withMoreLocals(script, 200))).rejects.toThrow('local variables');
});
