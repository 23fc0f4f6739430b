import { defineConfig } from 'vitest/config';

// Apart from `npm test`, which needs no Go: `npm run test:charts` brings the tools and runs these.
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    env: { MODE: 'both' },
    include: ['test/charts/**/*.spec.ts'],
    globalSetup: ['test/support/redis-global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
