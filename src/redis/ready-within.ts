import type { Redis } from 'ioredis';

/** Whether a connection is ready, at the latest after so many milliseconds or when the signal is aborted. */
export function isReadyWithin(redis: Redis, ms: number, signal?: AbortSignal): Promise<boolean> {
  if (redis.status === 'ready' || signal?.aborted) return Promise.resolve(redis.status === 'ready');
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      redis.off('ready', settle);
      signal?.removeEventListener('abort', settle);
      resolve(redis.status === 'ready');
    };
    const timer = setTimeout(settle, ms);
    redis.once('ready', settle);
    signal?.addEventListener('abort', settle);
  });
}
