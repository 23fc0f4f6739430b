import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Each worker has a Redis database of its own, 1 to this; `test/support/test-app.ts` gives it. */
const MAX_DATABASES = 8;

// Generous: machines that run tests are busy.
const shared = { env: { MODE: 'both' }, restoreMocks: true, testTimeout: 30_000 };
const withRedis = {
  ...shared,
  globalSetup: ['test/support/redis-global-setup.ts'],
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    maxWorkers: Math.min(Math.max(availableParallelism() - 1, 1), MAX_DATABASES),
    // Vite sets MODE=test, which would be read as our own MODE.
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['src/**/*.spec.ts', 'test/architecture/**/*.spec.ts', 'bench/**/*.spec.mjs'],
          exclude: ['src/**/*.redis.spec.ts'],
        },
      },
      { test: { ...withRedis, name: 'redis', include: ['src/**/*.redis.spec.ts'] } },
      {
        test: {
          ...withRedis,
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
        },
      },
      {
        test: {
          ...withRedis,
          name: 'resilience',
          include: ['test/resilience/**/*.spec.ts'],
          testTimeout: process.env['RESILIENCE'] === 'long' ? 600_000 : 120_000,
        },
      },
    ],
  },
});
