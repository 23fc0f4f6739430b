import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../scripts/lib/docs/canonical-json.mjs';
import { closeAfterTest } from '../support/loopback.js';
import { startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';

it('openapi.json is what the build serves; `npm run docs` writes it', async () => {
  const product = await startProduct({ MODE: 'api', REDIS_URL: redisUrl() });
  closeAfterTest(() => void product.child.kill('SIGKILL'));
  const served = await (await fetch(`${product.url}/openapi.json`)).json();
  expect(canonicalJson(served)).toBe(readFileSync('openapi.json', 'utf8'));
});
