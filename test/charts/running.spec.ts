import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '../support/processes.js';
import { type Product, startProduct } from '../support/product.js';
import { RedisNode } from '../support/redis-node.js';
import { at, environment, find, type Manifest, render } from './render.js';

const SECRETS: Readonly<Record<string, string>> = { 'task-runner-secrets/admin-api-key': 'f3f7c1b2a9d84e60' };
const PARTS = ['api', 'worker'] as const;

// Both halves with exactly the environment that the chart gives them.
describe('the product as the chart starts it', () => {
  let redis: RedisNode;
  let objects: Manifest[];
  const running = new Map<string, Product>();

  beforeAll(async () => {
    redis = await RedisNode.start([]);
    const address = `127.0.0.1:${redis.port}`;
    objects = render({
      redis: { address },
      config: { ALLOW_LOOPBACK_URLS: true },
      tests: { targetUrl: 'http://127.0.0.1/' },
    });
    for (const part of PARTS) {
      const given = withSecrets(environment(find(objects, 'Deployment', `task-runner-${part}`)));
      running.set(part, await startProduct({ ...given, NODE_ENV: 'production', PORT: '0' }));
    }
  });

  afterAll(async () => {
    for (const product of running.values()) product.child.kill('SIGTERM');
    await Promise.all([...running.values()].map(({ ended }) => ended));
    await redis.remove();
  });

  it.each(PARTS)('answers the probes of the pod of the %s', async (part) => {
    const deployment = find(objects, 'Deployment', `task-runner-${part}`);
    const container = at(deployment, 'spec.template.spec.containers.0');
    const settings = environment(deployment);
    expect(at(container, 'ports')).toEqual([{ name: 'http', containerPort: Number(settings['PORT']) }]);
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { path, port } = at(container, `${probe}.httpGet`) as { path: string; port: string };
      expect([port, (await fetch(`${running.get(part)!.url}${path}`)).status]).toEqual(['http', 200]);
    }
  });

  it.each([
    ['a task that workers do by themselves', ''],
    ['a call', '/health/live'],
  ])('passes the test that helm test runs, with %s', async (_what, path) => {
    const url = running.get('api')!.url;
    const pod = at(find(objects, 'Pod', 'task-runner-test'), 'spec.containers.0');
    const env = withSecrets(
      environment({ spec: { template: { spec: { containers: [pod] } } } } as unknown as Manifest),
    );
    const [command = '', ...options] = at(pod, 'command') as string[];
    const settings = { ...process.env, ...env, API_URL: url, TARGET_URL: path && url + path };
    const test = start(command, [...options, ...(at(pod, 'args') as string[])], { env: settings });
    expect(await test.ended, test.output()).toBe(0);
    expect(test.output()).toMatch(/"state": "completed"[^]*Enqueued and delivered in \d+ ms/);
  });
});

function withSecrets(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, SECRETS[value] ?? value]));
}
