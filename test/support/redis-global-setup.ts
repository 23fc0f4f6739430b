import type { TestProject } from 'vitest/node';
import { startRedis } from '../../scripts/embedded-redis.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A real Redis server for this test project; keep to a prefix of your own in it. */
    redisUrl: string;
  }
}

/** Starts one real Redis server, with its data in a temporary folder, for the whole test project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis({ appendOnly: false });
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}
