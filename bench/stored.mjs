#!/usr/bin/env node
// What it costs to have many tasks stored: bytes of Redis by part, each list, count and group, and removing them.
//
//   node bench/stored.mjs [--tasks 1000000] [--dist dist/] [--only bytes,lists,prune]
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { startRedis } from '../scripts/embedded-redis.mjs';
import { fillerOf } from './lib/fill.mjs';
import { bytesByPart, costOf, listCalls } from './lib/stored-parts.mjs';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000000' },
    dist: { type: 'string', default: 'dist/' },
    only: { type: 'string', default: 'bytes,lists,prune' },
  },
});
const count = Number(values.tasks);
const dist = new URL(pathToFileURL(values.dist).href.replace(/\/?$/, '/'));
const isAsked = (part) => values.only.split(',').includes(part);

/** Another one for each number: digits are no difference between failures. */
const wordOf = (n) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');

const server = await startRedis({ appendOnly: false });
const redis = new Redis(server.url);
try {
  const filler = await fillerOf(redis, dist);
  const start = Date.UTC(2030, 0, 1);
  const client = (n) => `client-${n % 50}`;
  const add = (share, at, fieldsOf) => costOf(redis, () => filler.add(count * share, at, fieldsOf));
  const added = [];
  // A tenth are dead letters, two fifths have been completed, a third waits, the others are due later.
  added.push(await add(0.5, start, (n) => ({ clientId: client(n), queue: `named-${n % 1000}` })));
  const ran = await costOf(redis, () =>
    filler.run(count * 0.5, start + 100_000, (n) =>
      n % 5 === 0
        ? { kind: 'dead_letter', reason: 'retries_exhausted', why: `reason ${wordOf(n % 9973)}` }
        : { kind: 'completed' },
    ),
  );
  added.push(
    await add(0.3, start + 200_000, (n) => ({
      clientId: client(n),
      queue: `named-${n % 1000}`,
      lane: 'low',
    })),
  );
  added.push(
    await add(0.2, start + 300_000, (n) => ({
      clientId: client(n),
      delayMs: 30 * filler.day,
      metadata: { order: `${n}` },
    })),
  );
  console.log(
    `${count} tasks: ${added.map((us) => (us.cpu / count).toFixed(2))} µs of Redis each part, ran ${(ran.cpu / (count / 2)).toFixed(1)} µs each`,
  );
  for (const [at, share] of [0.5, 0.3, 0.2].entries())
    console.log(`add: ${(added[at].cpu / (count * share)).toFixed(1)} µs of Redis each`);
  if (isAsked('bytes')) console.table(await bytesByPart(redis, count));
  if (isAsked('lists')) console.table(await listCalls(redis, dist, start));
  if (isAsked('prune')) {
    const { Housekeeping } = await import(new URL('queue/worker/housekeeping.js', dist).href);
    const clock = { now: () => 0, scriptTime: () => start + 8 * filler.day, every: () => () => undefined };
    const prune = () => new Housekeeping(redis, 30_000, clock).prune();
    const completed = await costOf(redis, prune);
    console.log(
      `prune: ${(completed.cpu / (count * 0.4)).toFixed(1)} µs of Redis for each of ${count * 0.4} completed`,
    );
    console.table(completed.commands.slice(0, 12));
    clock.scriptTime = () => start + 31 * filler.day;
    const dead = await costOf(redis, prune);
    console.log(
      `prune: ${(dead.cpu / (count * 0.1)).toFixed(1)} µs of Redis for each of ${count * 0.1} dead letters`,
    );
  }
} finally {
  redis.disconnect();
  await server.stop();
}
