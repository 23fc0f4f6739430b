import type { Redis } from 'ioredis';
import { CLEARED_KEY, clearedCountsKey } from '../../redis/keys.js';
import { type Lane, LANES } from '../../task/lane.js';

/** How many dead letters of each lane were cleared and are still stored, as that can be undone. */
export async function hiddenDead(redis: Redis): Promise<ReadonlyMap<Lane, number>> {
  const operations = await redis.hkeys(CLEARED_KEY);
  const fields = LANES.map((lane) => `lane:${lane}`);
  const counts = await Promise.all(operations.map((id) => redis.hmget(clearedCountsKey(id), ...fields)));
  const sum = (at: number): number => counts.reduce((total, each) => total + Number(each[at] ?? 0), 0);
  return new Map(LANES.map((lane, at) => [lane, sum(at)]));
}
