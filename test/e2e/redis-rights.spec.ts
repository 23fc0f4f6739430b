import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Product, refusedStart, startProduct } from '../support/product.js';
import { RedisNode } from '../support/redis-node.js';
import { until } from '../support/until.js';

let node: RedisNode;
let product: Product;
beforeAll(async () => {
  node = await RedisNode.start(['save ""', 'user me on >pw ~{tr}:* +@all -@dangerous +info']);
  product = await startProduct({ REDIS_URL: `redis://me:pw@127.0.0.1:${node.port}` });
});
afterAll(async () => {
  product.child.kill('SIGKILL');
  await product.ended;
  await node.remove();
});

const rights = (...rules: string[]) => node.ask((redis) => redis.call('ACL', 'SETUSER', 'me', ...rules));

async function enqueue(): Promise<Response> {
  return fetch(`${product.url}/v1/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: 'me-too', delay: 60, task: { url: 'http://example.com/' } }),
  });
}

const health = async (route: string) => (await fetch(`${product.url}${route}`)).status;

it.each(['-@write', '-@scripting'])(
  'when Redis takes the right %s away, that is an outage, and is over when it is given back',
  async (rule) => {
    expect((await enqueue()).status).toBe(202);
    await rights(rule);
    const refused = await enqueue();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ code: 'store_unavailable' });
    await until(async () => (await health('/health')) === 503, { timeoutMs: 20_000, every: 100 });
    expect(await health('/health/ready')).toBe(503);
    await rights('+@all', '-@dangerous', '+info');
    expect((await enqueue()).status).toBe(202);
    await until(async () => (await health('/health/ready')) === 200, { timeoutMs: 20_000, every: 100 });
  },
);

it('a start without the rights is refused in one line, which says what to do', async () => {
  await node.ask((redis) => redis.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+@read', '+info'));
  const { code, output } = await refusedStart({
    PORT: '0',
    BIND_ADDRESS: '127.0.0.1',
    REDIS_URL: `redis://reader:pw@127.0.0.1:${node.port}`,
  });
  expect(code).toBe(1);
  // Besides the log, which may come before it or after.
  const [fault, ...more] = output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(fault).toMatch(/does not let the user "reader" .*ACL SETUSER reader/);
  expect(more).toEqual([]);
  expect(output).not.toMatch(/^ +at |pw@/m);
});
