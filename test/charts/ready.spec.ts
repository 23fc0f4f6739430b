import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisNode } from '../support/redis-node.js';
import { until } from '../support/until.js';
import { at, find, render } from './render.js';

const PATIENCE_SEC = 4;
const PASSWORD = 'a "quoted" one';

// One story: each test goes on where the last one ended.
describe('the readiness of a Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'task-runner-ready-'));
  let master: RedisNode;
  let replica: RedisNode;
  let link: Redis;

  beforeAll(async () => {
    const objects = render();
    const script = (at(find(objects, 'ConfigMap', 'task-runner-redis'), 'data') as Record<string, string>)[
      'redis-ready.sh'
    ];
    const probe = at(
      find(objects, 'StatefulSet', 'task-runner-redis'),
      'spec.template.spec.containers.0.readinessProbe',
    );
    expect(at(probe, 'exec.command')).toEqual(['sh', '/start/redis-ready.sh']);
    writeFileSync(join(folder, 'ready.sh'), script ?? '');
    // Redis waits so long for further replicas before it fills the first one.
    master = await RedisNode.start(['repl-diskless-sync-delay 2']);
    replica = await RedisNode.start([]);
    link = new Redis(replica.url);
    await link.config('SET', 'masterauth', PASSWORD);
    const other = new Redis(master.url);
    await other.config('SET', 'requirepass', PASSWORD);
    await other.quit();
  });
  afterAll(async () => {
    await link.quit();
    await Promise.all([master.remove(), replica.remove()]);
    rmSync(folder, { recursive: true });
  });

  async function isReady({ url }: RedisNode, password = ''): Promise<boolean> {
    const env = {
      ...process.env,
      REDIS_PORT: new URL(url).port,
      REDIS_PASSWORD: password,
      PATIENCE_SEC: String(PATIENCE_SEC),
    };
    return promisify(execFile)('sh', [join(folder, 'ready.sh')], { env }).then(
      () => true,
      () => false,
    );
  }

  it('is there at once when it is the master, and knows the password', async () => {
    expect(await isReady(master, PASSWORD)).toBe(true);
    expect(await isReady(master, 'another')).toBe(false);
  });

  it('is not there before its master has filled it', async () => {
    await link.replicaof('127.0.0.1', new URL(master.url).port);
    expect(await isReady(replica)).toBe(false);
    await until(() => isReady(replica), { timeoutMs: 20_000, every: 100 });
    expect(await link.info('replication')).toContain('master_link_status:up');
  });

  it('is there after a while when its master is not', async () => {
    await link.replicaof('127.0.0.1', '1');
    const uptime = async () => Number(/uptime_in_seconds:(\d+)/.exec(await link.info('server'))?.[1]);
    await until(async () => (await uptime()) >= PATIENCE_SEC, { timeoutMs: 20_000 });
    expect(await isReady(replica)).toBe(true);
  });

  it('is not there when it does not answer', async () => {
    await replica.kill();
    expect(await isReady(replica)).toBe(false);
  });
});
