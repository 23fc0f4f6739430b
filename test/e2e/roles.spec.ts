import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Product, refusedStart, startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';

let running: Product | undefined;
let coverage: string;

afterEach(async () => {
  if (running?.child.exitCode === null) running.child.kill('SIGKILL');
  await running?.ended;
  rmSync(coverage, { recursive: true, force: true });
});

/** Starts a role so that Node lists, when it ends, every script that it loaded. */
async function startRole(mode: string): Promise<Product> {
  coverage = mkdtempSync(join(tmpdir(), 'task-runner-roles-'));
  running = await startProduct({ MODE: mode, REDIS_URL: redisUrl(), NODE_V8_COVERAGE: coverage });
  return running;
}

/** The folders of the product that the process loaded code from, after it was stopped. */
async function loadedFolders(product: Product): Promise<{ folders: Set<string>; packages: Set<string> }> {
  product.child.kill('SIGTERM');
  expect(await product.ended).toBe(0);
  const reports = readdirSync(coverage).map((name) => readFileSync(join(coverage, name), 'utf8'));
  const urls = reports.flatMap((report) => (JSON.parse(report) as { result: { url: string }[] }).result);
  const found = (pattern: RegExp) => new Set(urls.flatMap(({ url }) => pattern.exec(url)?.[1] ?? []));
  return { folders: found(/\/dist\/([a-z-]+)\//), packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//) };
}

async function statuses(product: Product, paths: Record<string, string>): Promise<Record<string, number>> {
  const asked = Object.entries(paths).map(async ([path, method]) => {
    const { status } = await fetch(product.url + path, { method });
    return [path, status] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

const ROUTES = {
  '/health': 'GET',
  '/health/live': 'GET',
  '/health/ready': 'GET',
  '/health/detailed': 'GET',
  '/version': 'GET',
  '/metrics': 'GET',
  '/v1/enqueue': 'POST',
  '/v1/tasks/none': 'GET',
  '/admin/health': 'GET',
  '/openapi.json': 'GET',
  '/docs': 'GET',
};
const OPERATIONAL = {
  '/health': 200,
  '/health/live': 200,
  '/health/ready': 200,
  '/health/detailed': 200,
  '/version': 200,
  '/metrics': 200,
};

describe('MODE', () => {
  it('api mounts the API and loads nothing that makes calls', async () => {
    const product = await startRole('api');
    expect(await statuses(product, ROUTES)).toEqual({
      ...OPERATIONAL,
      '/v1/enqueue': 400,
      '/v1/tasks/none': 404,
      '/admin/health': 200,
      '/openapi.json': 200,
      '/docs': 200,
    });
    const { folders, packages } = await loadedFolders(product);
    expect(folders).toContain('enqueue');
    expect([...folders]).not.toContain('dispatch');
    expect([...packages]).not.toContain('undici');
  });

  it('worker mounts health and metrics, and loads nothing of the API', async () => {
    const product = await startRole('worker');
    expect(await statuses(product, ROUTES)).toEqual({
      ...OPERATIONAL,
      '/v1/enqueue': 404,
      '/v1/tasks/none': 404,
      '/admin/health': 404,
      '/openapi.json': 404,
      '/docs': 404,
    });
    const { folders, packages } = await loadedFolders(product);
    expect(folders).toContain('dispatch');
    for (const folder of ['enqueue', 'tracking', 'admin']) expect([...folders]).not.toContain(folder);
    expect([...packages]).not.toContain('swagger-ui-dist');
  });

  it('both does both', async () => {
    const product = await startRole('both');
    expect(await statuses(product, { '/v1/enqueue': 'POST', '/health/ready': 'GET' })).toEqual({
      '/v1/enqueue': 400,
      '/health/ready': 200,
    });
    const { folders } = await loadedFolders(product);
    expect([...folders]).toEqual(expect.arrayContaining(['dispatch', 'enqueue']));
  });

  it('anything else stops the start, with every wrong setting listed', async () => {
    coverage = '';
    const { code, output } = await refusedStart({ MODE: 'wroker', PORT: '99999', REDIS_PORT: 'x' });
    expect(code).toBe(1);
    expect(output).toMatch(/MODE must be one of .*api, worker, both.*"wroker"/);
    expect(output).toMatch(/PORT must be a whole number from 0 to 65535 \(got "99999"\)/);
    expect(output).toMatch(/REDIS_PORT must/);
    expect(output).not.toContain('    at ');
  });

  it('with no Redis in reach gives up after the tries it was told, and says where it looked', async () => {
    coverage = '';
    const { code, output } = await refusedStart({
      PORT: '0',
      REDIS_URL: 'redis://:hunter2@127.0.0.1:1',
      REDIS_CONNECT_RETRIES: '2',
      REDIS_RETRY_INTERVAL_SEC: '0.05',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/Redis at 127\.0\.0\.1:1 did not answer 2 times/);
    expect(output).not.toContain('hunter2');
  });
});
