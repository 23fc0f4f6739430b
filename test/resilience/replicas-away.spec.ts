import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditedLoad, IS_LONG } from '../support/audited-load.js';
import type { RedisNode } from '../support/redis-node.js';
import { SentinelCluster } from '../support/sentinel-cluster.js';
import { until } from '../support/until.js';

const AWAY_SEC = IS_LONG ? 20 : 3;

let cluster: SentinelCluster;
let load: AuditedLoad;
beforeEach(async () => {
  cluster = await SentinelCluster.start();
  load = await AuditedLoad.start(cluster.environment);
  await load.undisturbed(1.5);
});
afterEach(async () => {
  await load.stop();
  await cluster.stop();
});

function hang(replica: RedisNode): Promise<void> {
  replica.signal('SIGSTOP');
  return Promise.resolve();
}

function wake(replica: RedisNode): Promise<void> {
  replica.signal('SIGCONT');
  return Promise.resolve();
}

const kill = (replica: RedisNode): Promise<void> => replica.kill();
const start = (replica: RedisNode): Promise<void> => replica.run();

describe('with Sentinel, tasks are acknowledged while one replica', () => {
  it.each([
    ['hangs', hang, wake],
    ['is dead', kill, start],
  ])('%s, and nothing is lost', async (name, away, back) => {
    const [one] = cluster.replicas as [RedisNode];
    load.faultBegins();
    await away(one);
    await load.recovers();
    expect((await load.health('api')).ready.status).toBe(200);
    await sleep(AWAY_SEC * 1000);
    await load.recovers();
    await back(one);
    await cluster.settled();
    await load.recovers();
    const audit = await load.audit(`one replica ${name}`);
    expect(audit.lost).toEqual([]);
  });
});

describe('with Sentinel, no task is acknowledged while all replicas', () => {
  it.each([
    ['hang', hang, wake],
    ['are dead', kill, start],
  ])('%s, which the API says by not being ready, and nothing is lost', async (name, away, back) => {
    load.faultBegins();
    await Promise.all(cluster.replicas.map(away));
    await load.isRefused();
    const down = async () => (await load.health('api')).ready.status === 503;
    await until(down, { timeoutMs: 60_000, every: 100 });
    const { ready, detailed } = await load.health('api');
    expect(ready.body).toMatchObject({ status: 'not_ready', down: ['replicas'] });
    expect(detailed.body['error']).toMatchObject({ replicas: { status: 'down', connected: 0, needed: 1 } });
    // It goes on delivering what is stored; what it adds itself, callbacks and occurrences, waits.
    expect((await load.health('worker')).ready.status).toBe(200);
    await Promise.all(cluster.replicas.map(back));
    await load.recovers();
    await until(async () => !(await down()), { timeoutMs: 20_000, every: 100 });
    const audit = await load.audit(`all replicas ${name}`);
    expect(audit.lost).toEqual([]);
  });
});
