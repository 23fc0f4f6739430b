import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisNode } from '../../test/support/redis-node.js';
import { assemble } from './lua-text.js';

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

/** What a script answers that includes these files. */
function run(script: string, files: Readonly<Record<string, string>>): Promise<unknown> {
  return redis.eval(
    assemble(script, (name) => files[name] ?? ''),
    0,
    'an argument',
  );
}

it('functions and variables of a file are known from there on, in files and in the script itself', async () => {
  const files = {
    first: 'local ONE, TWO = 1, 2\nlocal function add(a, b) return a + b end',
    second: 'local THREE = add(ONE, TWO)\nlocal function times(n) return THREE * n end',
  };
  expect(await run('--@include first\n--@include second\nreturn { THREE, times(TWO) }', files)).toEqual([
    3, 6,
  ]);
});

it('a variable stays one and the same, whoever assigns to it', async () => {
  const files = {
    counter: 'local count\nlocal list = {}\nlocal function up() count = (count or 0) + 1 return count end',
    other: 'local function reset() count, list = 10, { 7 } end',
  };
  const script = '--@include counter\n--@include other\nup()\nreset()\nup()\nreturn { count, list[1], up() }';
  expect(await run(script, files)).toEqual([11, 7, 12]);
});

it('a function that is declared before it is there stays the same for those before it', async () => {
  const files = {
    pair: 'local odd\nlocal function even(n) return n == 0 or odd(n - 1) end\nfunction odd(n) return n ~= 0 and even(n - 1) end',
  };
  expect(await run('--@include pair\nreturn { even(10) and 1 or 0, odd(7) and 1 or 0 }', files)).toEqual([
    1, 1,
  ]);
});

it('what nobody else names is the own of a file: two may have it under one name', async () => {
  const files = {
    a: "local secret = 'a'\nlocal function ofA() return secret end",
    b: "local secret = 'b'\nlocal function ofB() return secret end",
  };
  expect(await run('--@include a\n--@include b\nreturn { ofA(), ofB() }', files)).toEqual(['a', 'b']);
  expect(await run('--@include a\n--@include b\nreturn { ofB(), ofA() }', files)).toEqual(['b', 'a']);
});

it('what a file does happens in its place, and arguments are there everywhere', async () => {
  const files = {
    before: "redis.call('SET', 'k', 'file')",
    reading:
      "local given = ARGV[1]\nlocal function told() return redis.call('GET', 'k') .. ', ' .. given end",
  };
  const script = "redis.call('SET', 'k', 'script')\n--@include before\n--@include reading\nreturn told()";
  expect(await run(script, files)).toBe('file, an argument');
});

it('each file may have as many locals as Lua lets a function have', async () => {
  const many = (prefix: string): string =>
    [...Array(150).keys()].map((n) => `local ${prefix}${n} = ${n}`).join('\n');
  const files = {
    a: `${many('a')}\nlocal function sumA() return a1 + a149 end`,
    b: `${many('b')}\nlocal function sumB() return b1 + b149 end`,
  };
  expect(await run('--@include a\n--@include b\nreturn sumA() + sumB()', files)).toBe(300);
});
