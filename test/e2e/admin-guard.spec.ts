import { afterEach, describe, expect, it } from 'vitest';
import { type Route, routesOf } from '../support/routes.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp | undefined;
afterEach(async () => {
  await app?.stop();
});

async function start(environment: Record<string, string>): Promise<TestApp> {
  app = await TestApp.start({ MODE: 'api', ...environment });
  return app;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, { readonly security?: object[] }>>;
}

/** Every operation of the description, with paths as the router writes them. */
function operationsOf({ paths }: OpenApi): (Route & { readonly security?: object[] | undefined })[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      security,
    })),
  );
}

const PUBLIC = /^\/(v1|tasks|queue|api\/v1|ws|health|version|metrics|docs|openapi\.json)(\/|$)/;

describe('with an admin key', () => {
  it('every route that is not public asks for it, however its address is written', async () => {
    const product = await start({ ADMIN_API_KEY: 'correct-horse' });
    const guarded = routesOf(product).filter(({ path }) => !PUBLIC.test(path));
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

  it('every route below /admin is described, and every one that is described asks for the key', async () => {
    const product = await start({ ADMIN_API_KEY: 'correct-horse' });
    const { body } = await product.get<OpenApi>('/openapi.json');
    const described = operationsOf(body).filter(({ path }) => path.startsWith('/admin'));
    const routed = routesOf(product).filter(
      ({ method, path }) => path.startsWith('/admin') && method !== 'HEAD',
    );
    const names = (all: readonly Route[]) => all.map(({ method, path }) => `${method} ${path}`).toSorted();
    expect(names(described)).toEqual(names(routed));
    expect(described.length).toBeGreaterThan(15);
    for (const { method, path, security } of described) {
      expect(security, `${method} ${path}`).toEqual([{ admin: [] }]);
      for (const headers of [undefined, { 'x-admin-key': '' }, { 'x-api-key': 'correct-horse' }] as const) {
        const answer = await product.send(method, path.replaceAll(/:\w+/g, 'some-id'), undefined, headers);
        expect(answer, `${method} ${path}`).toMatchObject({
          status: expect.toBeOneOf([401, 429]) as number,
          body: { code: expect.toBeOneOf(['admin_key_required', 'too_many_wrong_keys']) as string },
        });
      }
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

  it('lets the right key in while wrong ones come from its address, unless somebody guesses by the hundred', async () => {
    const product = await start({ ADMIN_API_KEY: 'correct-horse', METRICS_TOKEN: 'scrape-it' });
    const guess = (n: number) => product.get('/admin/health', { 'x-admin-key': `guess-${n}` });
    const right = () => product.get('/admin/health', { 'x-admin-key': 'correct-horse' });
    for (let n = 0; n < 12; n++) await guess(n);
    expect((await guess(12)).status).toBe(429);
    expect((await right()).status).toBe(200);
    for (let n = 13; n < 600; n++) await guess(n);
    expect(await right()).toMatchObject({ status: 429, body: { code: 'too_many_wrong_keys' } });
    const scrape = (token: string) => product.get('/metrics', { authorization: `Bearer ${token}` });
    for (let n = 0; n < 10; n++) expect((await scrape('wrong')).status).toBe(401);
    expect((await scrape('wrong')).status).toBe(429);
    expect((await scrape('scrape-it')).status).toBe(200);
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
