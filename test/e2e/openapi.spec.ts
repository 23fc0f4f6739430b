import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../scripts/lib/docs/canonical-json.mjs';
import { closeAfterTest } from '../support/loopback.js';
import { startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  readonly responses: Record<string, { readonly content?: Record<string, { schema: unknown }> }>;
}

it('openapi.json is what the build serves; `npm run docs` writes it', async () => {
  const product = await startProduct({ MODE: 'api', REDIS_URL: redisUrl() });
  closeAfterTest(() => void product.child.kill('SIGKILL'));
  const served = await (await fetch(`${product.url}/openapi.json`)).json();
  expect(canonicalJson(served)).toBe(readFileSync('openapi.json', 'utf8'));
});

it('openapi.json documents every error as a problem document', () => {
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as Document;
  // Dialects answer errors in the shape of their own system.
  const own = Object.entries(paths).filter(([path]) => !/^\/(tasks|queue|api)(\/|$)/.test(path));
  const operations = own.flatMap(([, methods]) => Object.values(methods));
  const errors = operations.flatMap(({ responses }) =>
    Object.entries(responses).filter(([status]) => Number(status) >= 400),
  );
  expect(errors.length).toBeGreaterThan(8);
  for (const [, { content }] of errors) {
    expect(content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
  }
});
