import type { Redis } from 'ioredis';

/** How full a Redis is, by what it compares with `maxmemory` itself. */
export interface Memory {
  readonly usedBytes: number;
  /** 0 = no limit. */
  readonly maxBytes: number;
}

/** What a command costs Redis: some 30 µs. */
export async function readMemory(redis: Redis): Promise<Memory> {
  const info = await redis.info('memory');
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    // Redis does not count the buffers of its replicas and of its append-only file.
    usedBytes: field('used_memory') - field('mem_not_counted_for_evict'),
    maxBytes: field('maxmemory'),
  };
}

/** How many bytes are used above a share of the limit; 0 without a limit. */
export function bytesAbove({ usedBytes, maxBytes }: Memory, percent: number): number {
  return maxBytes === 0 ? 0 : Math.max(0, usedBytes - (maxBytes * percent) / 100);
}
