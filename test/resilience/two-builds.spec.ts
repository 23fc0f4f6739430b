import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Layout } from '../../src/redis/layout.js';
import { type Product, refusedStart, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { RedisNode } from '../support/redis-node.js';
import { until } from '../support/until.js';

/** Within the project, where the packages are found. */
mkdirSync('.runtime', { recursive: true });
const builds = mkdtempSync('.runtime/builds-');
const OLD = undefined;

/** A build as a later version would be: other scripts for Redis, by their digests, and another layout. */
function buildOf(name: string, layout: Layout): string {
  const folder = join(builds, name);
  cpSync('dist', folder, { recursive: true });
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.lua')) appendFileSync(join(folder, file), `\n-- ${name}\n`);
  }
  const source = readFileSync(join(folder, 'redis/layout.js'), 'utf8');
  const patched = source.replace(/LAYOUT = \{[^}]*\}/, `LAYOUT = ${JSON.stringify(layout)}`);
  expect(patched).not.toBe(source);
  writeFileSync(join(folder, 'redis/layout.js'), patched);
  return join(folder, 'main.js');
}

// One story, as an upgrade is: each test goes on where the last one ended.
describe('two builds on one Redis', () => {
  let redis: RedisNode;
  let target: Receiver;
  let settings: Record<string, string>;
  let next: string;
  let later: string;
  const running = new Map<string, Product>();

  beforeAll(async () => {
    redis = await RedisNode.start([]);
    target = await Receiver.start();
    settings = { REDIS_URL: redis.url, ALLOW_LOOPBACK_URLS: 'true' };
    next = buildOf('next', { number: 2, understoodSince: 1, understands: 1 });
    later = buildOf('later', { number: 3, understoodSince: 3, understands: 2 });
  });
  afterAll(async () => {
    for (const { child } of running.values()) child.kill('SIGKILL');
    await Promise.all([...running.values()].map(({ ended }) => ended));
    await target.stop();
    await redis.remove();
    rmSync(builds, { recursive: true });
  });

  async function begin(name: string, mode: string, main: string | undefined): Promise<void> {
    running.set(name, await startProduct({ ...settings, MODE: mode }, main));
  }

  async function end(name: string): Promise<void> {
    const product = running.get(name);
    product?.child.kill('SIGTERM');
    expect(await product?.ended).toBe(0);
    running.delete(name);
  }

  async function enqueue(name: string, count: number, as = name): Promise<void> {
    const send = async (nth: number) => {
      const body = {
        client_id: as,
        task_id: `${as}-${nth}`,
        delay: nth % 3,
        task: { url: `${target.url}/${as}/${nth}`, method: 'GET' },
      };
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`${running.get(name)!.url}/v1/enqueue`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(202);
    };
    await Promise.all(Array.from({ length: count }, (_, nth) => send(nth)));
  }

  const outputOf = (name: string) => running.get(name)?.output() ?? '';
  const called = () => target.received.map(({ path }) => path);

  it('take and deliver each other’s tasks while one replaces the other', async () => {
    await begin('old-api', 'api', OLD);
    await begin('old-worker', 'worker', OLD);
    await begin('next-api', 'api', next);
    await Promise.all([enqueue('old-api', 60), enqueue('next-api', 60)]);
    await begin('next-worker', 'worker', next);
    await end('old-worker');
    await target.gets(120, 30_000);
    expect(new Set(called()).size).toBe(120);
    expect(called()).toHaveLength(120);
  });

  it('go back: what the new one took, the old one delivers', async () => {
    target.reset();
    await end('next-worker');
    await begin('again-api', 'api', next);
    await enqueue('again-api', 30);
    await end('again-api');
    await end('next-api');
    await begin('back-worker', 'worker', OLD);
    await target.gets(30, 30_000);
    expect(new Set(called()).size).toBe(30);
  });

  it('are kept apart when one does not understand what the other writes', async () => {
    target.reset();
    let finish: () => void = () => undefined;
    target.answer = (_request, response) => (finish = () => response.end('ok'));
    await enqueue('old-api', 1, 'held');
    await target.gets(1);
    await begin('next-api', 'api', next);
    await begin('later-api', 'api', later);
    // Nobody asks for its health: it finds out by itself.
    await until(() => /"level":"?(50|error).*layout 3,.*takes no other/.test(outputOf('back-worker')), {
      timeoutMs: 20_000,
    });
    await enqueue('later-api', 30);
    finish();
    const { code, output } = await refusedStart({ ...settings, PORT: '0', BIND_ADDRESS: '127.0.0.1' });
    expect(code).toBe(1);
    expect(output).toMatch(
      /Redis holds data of layout 3, and this version knows layouts up to 1 only: start a newer version\./,
    );
    const readiness = async (name: string) => (await fetch(`${running.get(name)!.url}/health/ready`)).status;
    await until(async () => (await readiness('old-api')) === 503, { timeoutMs: 20_000, every: 200 });
    expect(await readiness('back-worker')).toBe(503);
    expect(await readiness('later-api')).toBe(200);
  });

  it('leave what is stored to those that understand it, and finish what they had begun', async () => {
    const stateOf = async (task: string) =>
      ((await (await fetch(`${running.get('later-api')!.url}/v1/tasks/${task}`)).json()) as { state: string })
        .state;
    await until(async () => (await stateOf('held.held-0')) === 'completed');
    // As long as a worker that looks for work sleeps at most, and one turn.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(called()).toEqual(['/held/0']);
    expect(await stateOf('later-api.later-api-0')).toBe('pending');
    const refused = await fetch(`${running.get('old-api')!.url}/v1/tasks/later-api.later-api-0`);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, 'shut_out']);
    expect((await fetch(`${running.get('old-api')!.url}/health/live`)).status).toBe(200);
    await begin('later-worker', 'worker', later);
    target.answer = (_request, response) => response.end('ok');
    await target.gets(31, 30_000);
    expect(new Set(called()).size).toBe(31);
    await end('back-worker');
    await end('old-api');
  });
});
