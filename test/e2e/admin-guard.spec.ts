import { afterEach, describe, expect, it } from 'vitest';
import { TestApp } from '../support/test-app.js';

let app: TestApp | undefined;
afterEach(async () => {
  await app?.stop();
});

async function start(environment: Record<string, string>): Promise<TestApp> {
  app = await TestApp.start({ MODE: 'api', ...environment });
  return app;
}

/** Every route the router has, not a list kept by hand. */
function routes({ application }: TestApp): { method: string; path: string }[] {
  const tree = application.nest.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  return tree.split('\n').flatMap((line, at, lines) => {
    const match = /^([│ ]*)[└├]── (\S.*?) \((.+)\)/.exec(line);
    if (!match) return [];
    return (match[3] ?? '').split(', ').map((method) => ({ method, path: fullPath(lines, at) }));
  });
}

/** The tree prints each node under its parent, four columns further in. */
function fullPath(lines: readonly string[], at: number): string {
  const node = /^([│ ]*)[└├]── (\S*)/.exec(lines[at] ?? '');
  const depth = (node?.[1] ?? '').length;
  const parent = lines.slice(0, at).findLastIndex((line) => {
    const above = /^([│ ]*)[└├]── /.exec(line);
    return above !== null && (above[1] ?? '').length < depth;
  });
  return (parent < 0 ? '' : fullPath(lines, parent)) + (node?.[2] ?? '');
}

const PUBLIC = /^\/(v1|health|version|metrics|docs|openapi\.json)(\/|$)/;

describe('with an admin key', () => {
  it('every route that is not public asks for it, however its address is written', async () => {
    const product = await start({ ADMIN_API_KEY: 'correct-horse' });
    const guarded = routes(product).filter(({ path }) => !PUBLIC.test(path));
    expect(guarded).toContainEqual({ method: 'GET', path: '/admin/health' });
    expect(guarded).toContainEqual({ method: 'POST', path: '/admin/clients/set' });
    expect(guarded).toContainEqual({ method: 'PUT', path: '/admin/queues/:name' });
    expect(guarded).toContainEqual({ method: 'POST', path: '/admin/queues/:name/pause' });
    for (const { method, path } of guarded) expect((await product.send(method, path)).status).toBe(401);
    for (const path of [
      '/admin//health',
      '/Admin/health',
      '/admin/health/',
      '/%61dmin/health',
      '/v1/../admin/health',
    ]) {
      expect((await product.get(path)).status).toBeOneOf([401, 404]);
    }
  });

  it('opens to the key and to nothing else', async () => {
    const product = await start({ ADMIN_API_KEY: 'correct-horse' });
    const ask = (headers: Record<string, string>) => product.get('/admin/health', headers);
    expect(await ask({ 'x-admin-key': 'correct-horse' })).toMatchObject({
      status: 200,
      body: { status: 'healthy', redis: 'connected' },
    });
    for (const wrong of ['', 'correct-hors', 'correct-horse1', 'CORRECT-HORSE']) {
      expect(await ask({ 'x-admin-key': wrong })).toMatchObject({
        status: 401,
        body: { code: 'admin_key_required' },
      });
    }
    expect((await ask({ authorization: 'Bearer correct-horse' })).status).toBe(401);
    expect((await product.get('/admin/health?x-admin-key=correct-horse')).status).toBe(401);
  });

  it('slows guessing down after ten wrong keys', async () => {
    const product = await start({ ADMIN_API_KEY: 'correct-horse' });
    const answers = [];
    for (let n = 0; n < 12; n++)
      answers.push(await product.get('/admin/health', { 'x-admin-key': `guess-${n}` }));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(Number(answers[11]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await product.get('/v1/tasks/none')).status).toBe(404);
  });
});

describe('without an admin key', () => {
  it('is open in development', async () => {
    expect((await (await start({})).get('/admin/health')).status).toBe(200);
  });

  it('is shut in production', async () => {
    const product = await start({ NODE_ENV: 'production' });
    expect(await product.get('/admin/health')).toMatchObject({
      status: 503,
      body: { code: 'admin_not_configured' },
    });
  });

  it('is open in production only when told so in so many words', async () => {
    const product = await start({ NODE_ENV: 'production', ADMIN_AUTH: 'none' });
    expect((await product.get('/admin/health')).status).toBe(200);
  });
});
