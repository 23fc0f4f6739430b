import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.js';
import { at, find, type Manifest } from './render.js';

const TEXT = (base64 = '') => Buffer.from(base64, 'base64').toString();
const ENCRYPTED = { encryption: { enabled: true } };

let cluster: Cluster;
beforeEach(async () => {
  cluster = await Cluster.start();
});
afterEach(() => cluster.stop());

const template = (objects: readonly Manifest[], kind: string, name: string) =>
  at(find(objects, kind, `task-runner-${name}`), 'spec.template');

describe('an upgrade', () => {
  it('keeps every secret that was generated', async () => {
    await cluster.upgrade({ ...ENCRYPTED, metrics: { requireToken: true } });
    const first = { ...cluster.data };
    expect(Object.keys(first).sort()).toEqual([
      'admin-api-key',
      'metrics-token',
      'redis-password',
      'task-encryption-key',
    ]);
    expect(TEXT(first['admin-api-key'])).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(Buffer.from(TEXT(first['task-encryption-key']), 'base64')).toHaveLength(32);
    await cluster.upgrade({ ...ENCRYPTED, metrics: { requireToken: true } });
    expect(cluster.data).toEqual(first);
  });

  it('keeps the key of encryption also when it is forgotten once', async () => {
    await cluster.upgrade(ENCRYPTED);
    const key = cluster.data['task-encryption-key'];
    await cluster.upgrade();
    await cluster.upgrade(ENCRYPTED);
    expect(cluster.data['task-encryption-key']).toBe(key);
  });

  it('takes what is given instead of what is there', async () => {
    await cluster.upgrade();
    await cluster.upgrade({ api: { env: { adminApiKey: 'mine' } }, redis: { redisPassword: 'other' } });
    expect(TEXT(cluster.data['admin-api-key'])).toBe('mine');
    expect(TEXT(cluster.data['redis-password'])).toBe('other');
  });

  it('adds the password of the Sentinels, and keeps that of Redis, when one Redis becomes three', async () => {
    await cluster.upgrade();
    const { 'redis-password': password } = cluster.data;
    await cluster.upgrade({ redis: { mode: 'sentinel' } });
    expect(cluster.data).toMatchObject({ 'redis-password': password });
    expect(TEXT(cluster.data['redis-sentinel-password'])).toMatch(/^[A-Za-z0-9]{40}$/);
  });

  it('restarts Redis for another password, and for nothing else that is in the Secret', async () => {
    const first = template(await cluster.upgrade(), 'StatefulSet', 'redis');
    const more = { api: { env: { adminApiKey: 'mine' } }, metrics: { requireToken: true }, ...ENCRYPTED };
    const second = await cluster.upgrade({ ...more, autoscaling: { mode: 'keda' } });
    expect(template(second, 'StatefulSet', 'redis')).toEqual(first);
    expect(template(second, 'Deployment', 'api')).not.toEqual(first);
    const third = await cluster.upgrade({ redis: { redisPassword: 'other' } });
    expect(template(third, 'StatefulSet', 'redis')).not.toEqual(first);
  });

  it('gives the pods of the product the new Secret by starting them anew', async () => {
    const api = (objects: readonly Manifest[]) => template(objects, 'Deployment', 'api');
    const first = api(await cluster.upgrade());
    expect(api(await cluster.upgrade())).toEqual(first);
    expect(api(await cluster.upgrade({ api: { env: { adminApiKey: 'mine' } } }))).not.toEqual(first);
  });
});

describe('a new version of the chart', () => {
  it('is told of by the pods of the product, and restarts no Redis', async () => {
    const objects = await cluster.upgrade({ redis: { mode: 'sentinel' } });
    const versions = ['helm.sh/chart', 'app.kubernetes.io/version'];
    const labels = (kind: string, name: string) =>
      Object.keys(at(template(objects, kind, name), 'metadata.labels') as object);
    expect(labels('Deployment', 'worker')).toEqual(expect.arrayContaining(versions));
    for (const name of ['redis', 'sentinel']) {
      expect(labels('StatefulSet', name).filter((label) => versions.includes(label))).toEqual([]);
    }
  });
});
