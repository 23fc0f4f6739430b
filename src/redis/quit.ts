import type { Redis } from 'ioredis';
import { within } from './within.js';

const QUIT_DEADLINE_MS = 1000;

/** Ends a connection, orderly if Redis answers in time. */
export async function quit(redis: Redis): Promise<void> {
  try {
    if (redis.status === 'ready') await within(QUIT_DEADLINE_MS, redis.quit());
  } catch {
    // It is going away anyway.
  }
  redis.disconnect();
}
