import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { routesOf } from '../support/routes.js';
import { TestApp } from '../support/test-app.js';

it('each method of the clients of Task Queue Go has its route', async () => {
  const page = readFileSync('docs/dialects.md', 'utf8');
  const table = /<!-- methods:begin -->(.*)<!-- methods:end -->/s.exec(page)?.[1] ?? '';
  const named = [...table.matchAll(/`([A-Z]+) (\/\S+)`/g)].map(([, method, path]) => ({ method, path }));
  expect(named).toHaveLength(17);
  const app = await TestApp.start({ MODE: 'api' });
  const routes = routesOf(app);
  await app.stop();
  for (const route of named) expect(routes).toContainEqual(route);
});
